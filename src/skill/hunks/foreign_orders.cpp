// SPDX-License-Identifier: MIT
// Words of orders in languages other than English. What looks like an order in one language may be
// a word of the work in another, so each needs words of at least two kinds in one clause.
#include "skill/hunks/foreign_orders.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include <skillgrad/core/ascii.hpp>

namespace skillgrad::skill {
namespace {

using Stems = std::initializer_list<std::string_view>;

/// One language. Without blanks between words (`dense`) and in Russian words are looked for
/// anywhere in a clause; else they are how words begin, without accents, and "=word" is the whole
/// of one.
struct Tongue {
  bool dense = false;
  bool not_follows = false;  ///< "not" stands behind its verb
  Stems pass_over, instructions, which;
  Stems switch_off, walls;
  Stems not_, tell, people, about;
  Stems conceal;  ///< "keep from", without a "not"
  Stems send, private_;
  Stems of_the_task;
  Stems not_before, not_after;  ///< close to a verb: it is not to be done
};

const Tongue kTongues[] = {
    // German
    {false,
     false,
     {"ignorier", "missacht", "vergiss", "vergesst", "verwirf", "verwerfe", "ubergeh", "umgeh"},
     {"anweisung", "instruktion", "vorgabe", "richtlinie", "regel", "systemprompt", "prompt",
      "sicherheitsregel", "sicherheitsvorgabe", "sicherheitsrichtlinie"},
     {"vorherig", "vorig", "bisherig", "fruher", "obig", "vorangeg", "vorangehend", "vorstehend",
      "=alle", "=aller", "=allen", "samtlich", "=deine", "=deiner", "=eure", "=ihre", "=jede",
      "system", "sicherheit"},
     {"deaktivier", "umgeh", "abschalt", "ausschalt", "=schalte", "=schalt", "aushebel"},
     {"sandbox", "sicherheitsprufung", "sicherheitsmassnahm", "sicherheitsvorkehr",
      "sicherheitsmechanism", "sicherheitsfilter", "schutzmassnahm", "schutzmechanism",
      "berechtigungsabfrag", "genehmigungsabfrag", "freigabeabfrag", "bestatigungsabfrag",
      "firewall"},
     {"=nicht", "=nichts", "=nie", "=niemals", "=kein", "=keine", "=keinen", "=keinem", "=ohne"},
     {"=sag", "=sage", "=sagen", "erzahl", "informier", "verrat", "mitteil", "=teile", "erwahn",
      "bericht", "unterricht", "benachrichtig"},
     {"nutzer", "benutzer", "anwender", "=user", "=usern", "menschen"},
     {"davon", "daruber", "=dass", "=von", "uber", "hiervon", "=nichts", "=das", "=diese",
      "=diesen", "=dieses", "=dies"},
     {"verschweig", "verheimlich"},
     {"=sende", "=senden", "=sendet", "schick", "ubermitt", "ubertrag", "hochlad", "=lade",
      "weiterleit", "=leite", "=poste", "veroffentlich"},
     {"zugangsdaten", "anmeldedaten", "passwort", "kennwort", "schlussel", "apischlussel",
      "umgebungsvariabl", "geheimniss", "token"},
     {"zelle", "tabelle", "spalte", "zeile", "datei", "datensatz", "datensatze", "blatt", "feld",
      "preis"},
     {"=nie", "=niemals", "=nicht"},
     {"=nicht", "=nie"}},
    // French
    {false,
     false,
     {"ignor", "oubli", "desobei", "outrepass", "meconnai", "contourn", "transgress"},
     {"instruction", "consigne", "directive", "regle", "=prompt", "=prompts", "garde-fou"},
     {"precedent", "anterieur", "=tous", "=toutes", "=tout", "=toute", "ci-dessus", "=tes", "=vos",
      "=votre", "=ton", "systeme", "securite", "initial"},
     {"desactiv", "contourn", "neutralis", "debranch"},
     {"sandbox", "=sable", "garde-fou", "securite", "protection", "pare-feu", "confirmation",
      "autorisation", "approbation", "moderation"},
     {"=pas", "=jamais", "=sans", "=rien"},
     {"=dis", "=dites", "=dire", "=informe", "=informez", "=informer", "revel", "previen",
      "mentionn", "avert", "=parle", "=parlez"},
     {"utilisateur", "utilisatrice", "usager"},
     {"=que", "=cela", "=ca", "=sujet", "=rien", "propos", "=ceci"},
     {"=cachez", "dissimul"},
     {"envoi", "=envoie", "=envoyez", "=envoyer", "transmet", "=transfere", "=transferez",
      "televers", "=publie", "=publiez"},
     {"=cle", "=cles", "=passe", "identifiants", "secret", "jeton", "=environnement"},
     {"cellule", "feuille", "colonne", "ligne", "fichier", "tableau", "donnee", "classeur",
      "champ"},
     {"=jamais", "=pas"},
     {"=jamais", "=pas"}},
    // Spanish
    {false,
     false,
     {"ignor", "olvida", "olvide", "olvidar", "descart", "desatiend", "desobed", "omiso",
      "incumpl"},
     {"instruccion", "indicacion", "directric", "=reglas", "=ordenes", "politica", "=prompt",
      "=prompts", "consigna", "restriccion"},
     {"anterior", "previa", "previo", "=todas", "=todos", "=tus", "=sus", "sistema", "=arriba",
      "inicial", "seguridad"},
     {"desactiv", "deshabilit", "=elude", "=eluda", "=eludir", "evad", "burl", "inhabilit"},
     {"sandbox", "proteccion", "seguridad", "permiso", "confirmacion", "aprobacion", "cortafuegos",
      "moderacion", "salvaguard"},
     {"=no", "=nunca", "=jamas", "=sin"},
     {"=diga", "=digas", "=decir", "=decirle", "=digan", "=informe", "=informes", "=informar",
      "=avise", "=avises", "=avisar", "=reveles", "=revele", "=revelar", "mencion", "=cuente",
      "=cuentes", "=contarle", "notifi"},
     {"usuario", "usuaria"},
     {"=que", "=sobre", "acerca", "=esto", "=nada", "=ello"},
     {"=oculta", "=oculte", "=ocultar", "=ocultale"},
     {"=envia", "=envie", "=enviar", "=manda", "=mande", "=mandar", "=sube", "=suba", "=subir",
      "=transmite", "=transmita", "=transmitir", "=publique", "reenvia"},
     {"=clave", "=claves", "contrasena", "credencial", "=secreto", "=secretos", "=token", "=tokens",
      "=entorno"},
     {"celda", "hoja", "columna", "fila", "archivo", "tabla", "dato", "campo", "registro", "copia"},
     {"=no", "=nunca", "=jamas"},
     {}},
    // Portuguese
    {false,
     false,
     {"ignor", "esquec", "desconsider", "desrespeit", "descart", "desobede"},
     {"instruco", "instruca", "orientaco", "diretriz", "=regras", "=ordens", "politica", "=prompt",
      "=prompts", "restrico"},
     {"anterior", "previa", "=todas", "=todos", "=suas", "=seus", "=tuas", "sistema", "=acima",
      "inicial", "iniciais", "seguranca"},
     {"desativ", "desabilit", "contorn", "=burle", "=burlar", "=pule", "=ignore"},
     {"sandbox", "protecao", "protecoes", "seguranca", "permissoes", "permissao", "confirmac",
      "aprovac", "firewall", "moderac", "salvaguard"},
     {"=nao", "=nunca", "=jamais", "=sem"},
     {"=diga", "=digas", "=dizer", "=conte", "=contar", "=informe", "=informar", "=avise",
      "=avisar", "=revele", "=revelar", "mencion", "notifi"},
     {"usuario", "usuaria", "utilizador"},
     {"=que", "=sobre", "=isso", "=disso", "=nada", "=isto"},
     {"=oculte", "=ocultar", "=esconda", "=esconder"},
     {"=envie", "=enviar", "=mande", "=mandar", "=transmita", "=transmitir", "=publique",
      "=carregue", "encaminh"},
     {"=senha", "=senhas", "=chave", "=chaves", "credencia", "segredo", "=token", "=tokens",
      "=ambiente"},
     {"celula", "planilha", "coluna", "linha", "arquivo", "tabela", "dados", "campo", "registro"},
     {"=nao", "=nunca", "=jamais"},
     {}},
    // Italian
    {false,
     false,
     {"ignor", "dimentic", "trascur", "disattend", "disobbed"},
     {"istruzion", "direttiv", "=regole", "=prompt", "indicazion", "=ordini", "restrizion"},
     {"precedent", "=tutte", "=tutti", "=sopra", "=tue", "=tuoi", "=vostre", "sistema", "inizial",
      "sicurezza"},
     {"disattiv", "disabilit", "=aggira", "=aggirare", "=elude", "=eludi", "=eludere"},
     {"sandbox", "protezion", "sicurezza", "permess", "conferm", "approvazion", "firewall",
      "moderazion"},
     {"=non", "=mai", "=senza"},
     {"=dire", "=dirlo", "=dica", "=informa", "=informare", "=informarlo", "rivel", "menzion",
      "avvis", "comunic"},
     {"utent"},
     {"=che", "=questo", "=nulla", "=niente", "=su", "=cio"},
     {"=nascondi", "=nascondere", "=nascondilo"},
     {"=invia", "=inviare", "=inviate", "=manda", "=mandare", "trasmett"},
     {"=password", "=chiave", "=chiavi", "credenzial", "segret", "=token", "=ambiente"},
     {"cella", "celle", "foglio", "colonna", "riga", "righe", "=file", "tabella", "dati", "campo"},
     {"=non", "=mai"},
     {}},
    // Russian
    {true,
     false,
     {"игнорируй", "игнорировать", "забудь", "забыть", "пренебреги", "не следуй"},
     {"инструкци", "указани", "правил", "промпт", "ограничени", "директив"},
     {"предыдущ", "прежн", "все ", "всех", "любые", "выше", "свои", "твои", "систем", "безопасн"},
     {"отключи", "обойди", "обойти", "выключи", "деактивируй"},
     {"песочниц", "защит", "безопасност", "подтвержден", "разрешен", "брандмауэр"},
     {"не "},
     {"говори", "сообщай", "рассказывай", "упоминай", "раскрывай", "уведомляй"},
     {"пользовател"},
     {"об этом", "о том", " что", " про "},
     {"скрой", "скрывай", "утаи"},
     {"отправь", "отправить", "пошли ", "загрузи", "передай", "перешли"},
     {"парол", "ключ", "учетные данные", "учётные данные", "токен", "переменные окружения",
      "секрет"},
     {"ячейк", "таблиц", "столб", "строк", "файл", "данны", "лист"},
     {"не ", "нельзя ", "никогда "},
     {}},
    // Chinese, simplified and traditional
    {true,
     false,
     {"忽略", "无视", "無視", "忽视", "忽視", "不要理会", "不要遵守", "不用遵守", "忘记", "忘記",
      "忘掉", "抛弃"},
     {"指令", "指示", "提示词", "提示詞", "系统提示", "系統提示", "命令", "规则", "規則", "准则",
      "準則", "限制", "约束", "約束", "安全策略"},
     {"之前", "以前", "以上", "上述", "先前", "此前", "前面", "所有", "全部", "一切", "任何",
      "你的", "您的", "系统", "系統"},
     {"关闭", "關閉", "禁用", "停用", "绕过", "繞過", "解除", "规避"},
     {"沙盒", "沙箱", "安全检查", "安全檢查", "安全限制", "安全机制", "安全機制", "安全策略",
      "安全措施", "权限检查", "权限确认", "审批", "审核机制", "防护", "防火墙", "防火牆", "护栏"},
     {"不要", "别", "切勿", "不得", "绝不", "不可", "勿", "不能"},
     {"告诉", "告訴", "告知", "透露", "提及", "通知"},
     {"用户", "用戶", "使用者", "任何人"},
     {"这", "這", "此", "关于", "關於", "该", "該", "任何"},
     {"对用户隐瞒", "向用户隐瞒", "瞒着用户", "對用戶隱瞞"},
     {"发送", "發送", "上传", "上傳", "发到", "发给", "传到", "外传", "泄露", "传送", "傳送"},
     {"密钥", "密鑰", "密码", "密碼", "凭证", "憑證", "环境变量", "環境變數", "令牌", "私钥"},
     {"单元格", "单元", "工作表", "文件", "空行", "每行", "每列", "数据", "表格", "字段", "儲存格",
      "資料", "忽略规则", "忽略列表"},
     {"不", "勿", "禁止", "别", "避免", "防止", "免"},
     {}},
    // Japanese
    {true,
     true,
     {"無視", "忘れ", "破棄", "従わない", "従うな", "従わず"},
     {"指示", "命令", "プロンプト", "ルール", "規則", "制約", "ガイドライン", "制限", "ポリシー"},
     {"以前", "これまで", "それまで", "上記", "前の", "先の", "すべて", "全て", "全部", "あらゆる",
      "システム"},
     {"無効", "バイパス", "回避", "解除", "オフに", "スキップ"},
     {"サンドボックス", "安全機能", "安全対策", "安全制限", "セーフティ", "保護機能", "承認",
      "権限確認", "権限チェック", "ファイアウォール", "ガードレール"},
     {"ない", "るな", "うな", "ず"},
     {"言わ", "言う", "伝え", "知らせ", "話さ", "明かさ", "教え", "報告し"},
     {"ユーザー", "ユーザ", "利用者", "使用者"},
     {"この", "これ", "その", "こと"},
     {"ユーザーに秘密", "ユーザーに内緒", "ユーザーには秘密", "ユーザーに隠"},
     {"送信", "送って", "送れ", "アップロード", "転送"},
     {"パスワード", "秘密鍵", "apiキー", "認証情報", "環境変数", "トークン"},
     {"セル", "シート", "ファイル", "データ", "フィールド"},
     {},
     {"ない", "しては", "せず", "ず", "禁止"}},
    // Korean
    {true,
     true,
     {"무시", "잊어", "잊고", "따르지 마"},
     {"지시", "명령", "지침", "규칙", "프롬프트", "제한"},
     {"이전", "앞의", "앞선", "위의", "모든", "기존", "시스템"},
     {"비활성화", "우회", "해제", "끄고"},
     {"샌드박스", "안전 장치", "안전장치", "안전 기능", "보안 검사", "승인", "권한 확인", "방화벽"},
     {"마", "않"},
     {"말하지", "알리지", "알려주지", "언급하지", "보고하지"},
     {"사용자"},
     {"이 ", "이것", "이를", "대해"},
     {"사용자에게 숨"},
     {"전송", "보내", "업로드"},
     {"비밀번호", "자격 증명", "환경 변수", "환경변수", "토큰", "비밀 키", "api 키"},
     {"셀", "시트", "파일", "데이터"},
     {},
     {"하지 마", "하지 않", "금지"}}};

/// Where a clause ends, in any of the scripts.
std::vector<std::string_view> clauses_of(std::string_view text) {
  constexpr std::string_view kEnds[] = {".",  ",",  ";",  ":",  "!",  "?", "。", "，",
                                        "；", "：", "！", "？", "、", "｡", "､"};
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto* const end = std::find_if(std::begin(kEnds), std::end(kEnds), [&](auto mark) {
      return text.substr(at).starts_with(mark);
    });
    if (end == std::end(kEnds)) {
      ++at;
      continue;
    }
    out.push_back(text.substr(begin, at - begin));
    begin = at += end->size();
  }
  out.push_back(text.substr(begin));
  return out;
}

/// A clause of one language, in which words are looked for.
class Clause {
 public:
  Clause(std::string_view text, bool dense) : text_(text), dense_(dense) {
    if (!dense) split();
  }

  /// Places of words of a kind: of a dense text bytes, else numbers of words.
  [[nodiscard]] std::vector<std::size_t> places(const Stems& stems) const {
    std::vector<std::size_t> out;
    for (const std::string_view stem : stems) {
      if (dense_) {
        for (std::size_t at = text_.find(stem); at != std::string_view::npos;
             at = text_.find(stem, at + 1))
          out.push_back(at);
        continue;
      }
      const bool whole = stem.front() == '=';
      const std::string_view wanted = stem.substr(whole ? 1 : 0);
      for (std::size_t i = 0; i < words_.size(); ++i)
        if (whole ? words_[i] == wanted : words_[i].starts_with(wanted)) out.push_back(i);
    }
    return out;
  }
  [[nodiscard]] bool has(const Stems& stems) const { return !places(stems).empty(); }
  /// One of both kinds, close to each other, in any order; both may be parts of one word.
  [[nodiscard]] bool together(const Stems& first, const Stems& second, std::size_t words) const {
    const std::size_t within = words * (dense_ ? kBytesPerWord : 1);
    const auto others = places(second);
    for (const std::size_t one : places(first))
      for (const std::size_t other : others)
        if ((one > other ? one - other : other - one) <= within) return true;
    return false;
  }
  /// Some of the verbs has one of the words behind it.
  [[nodiscard]] bool followed(const Stems& verbs, const Stems& by) const {
    const auto found = places(verbs);
    return std::any_of(found.begin(), found.end(),
                       [&](std::size_t at) { return stands(by, at, false); });
  }
  /// Each of the verbs is near one of the words that say not to.
  [[nodiscard]] bool denies(const Stems& verbs, const Stems& before, const Stems& after) const {
    const auto found = places(verbs);
    return !found.empty() && std::all_of(found.begin(), found.end(), [&](std::size_t at) {
      return stands(before, at, true) || stands(after, at, false);
    });
  }

 private:
  static constexpr std::size_t kBytesPerWord = 9;

  void split() {
    for (std::size_t at = 0; at < text_.size();) {
      const auto in_word = [&](std::size_t i) { return is_alnum(text_[i]) || text_[i] == '-'; };
      if (!in_word(at)) {
        ++at;
        continue;
      }
      const std::size_t begin = at;
      while (at < text_.size() && in_word(at)) ++at;
      words_.push_back(text_.substr(begin, at - begin));
    }
  }
  [[nodiscard]] bool stands(const Stems& stems, std::size_t verb, bool before) const {
    constexpr std::size_t kWords = 2, kBytes = 14, kBytesBehind = 24;
    const auto found = places(stems);
    return std::any_of(found.begin(), found.end(), [&](std::size_t at) {
      if (before) return at < verb && verb - at <= (dense_ ? kBytes : kWords);
      return at > verb && at - verb <= (dense_ ? kBytesBehind : kWords);
    });
  }

  std::string_view text_;
  bool dense_;
  std::vector<std::string_view> words_;
};

bool names_a_place(std::string_view text) {
  return text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos;
}

/// Of the whole line: an address is full of what ends a clause.
std::optional<Order> sends_away(const Clause& line, const Tongue& tongue) {
  if (!line.together(tongue.send, tongue.private_, 10)) return std::nullopt;
  return Order{"it tells an agent to send away what is its user's own",
               !line.denies(tongue.send, tongue.not_before, tongue.not_after)};
}

std::optional<Order> order_of(const Clause& clause, const Tongue& tongue) {
  const auto work_or = [&](const Stems& verbs) {
    return !clause.has(tongue.of_the_task) &&
           !clause.denies(verbs, tongue.not_before, tongue.not_after);
  };
  if (clause.together(tongue.pass_over, tongue.instructions, 6) &&
      clause.together(tongue.instructions, tongue.which, 4))
    return Order{"it tells an agent to pass over its instructions", work_or(tongue.pass_over)};
  if (clause.together(tongue.switch_off, tongue.walls, 5))
    return Order{"it tells an agent to do without what protects its user",
                 work_or(tongue.switch_off)};
  const bool not_told = tongue.not_follows ? clause.followed(tongue.tell, tongue.not_)
                                           : clause.together(tongue.not_, tongue.tell, 4);
  if (not_told && clause.together(tongue.tell, tongue.people, 7))
    return Order{"it tells an agent to keep something from its user", clause.has(tongue.about)};
  if (tongue.dense ? clause.has(tongue.conceal) : clause.together(tongue.conceal, tongue.people, 4))
    return Order{"it tells an agent to keep something from its user", clause.has(tongue.about)};
  return std::nullopt;
}

}  // namespace

std::optional<Order> foreign_order(std::string_view read) {
  const bool ascii = std::all_of(read.begin(), read.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const bool place = names_a_place(read);
  const auto clauses = clauses_of(read);
  std::optional<Order> said;
  for (const Tongue& tongue : kTongues) {
    if (tongue.dense && ascii) continue;
    const auto note = [&](std::optional<Order> found) {
      if (found && (!said || (found->sure && !said->sure))) said = std::move(found);
    };
    for (const std::string_view text : clauses) note(order_of(Clause(text, tongue.dense), tongue));
    if (place) note(sends_away(Clause(read, tongue.dense), tongue));
    if (said && said->sure) break;
  }
  return said;
}

}  // namespace skillgrad::skill
