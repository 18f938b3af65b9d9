# Completion of skillgrad for bash: source <(skillgrad completion bash)
_skillgrad() {
  local words=() word glue=no index cursor directive="" line text
  # Readline breaks words at ":" and "="; the program gets them whole.
  for ((index = 1; index <= COMP_CWORD; ++index)); do
    word=${COMP_WORDS[index]}
    if [[ ($word == [:=] || $glue == yes) && ${#words[@]} -gt 0 ]]; then
      words[${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == [:=] ]] && glue=yes || glue=no
  done
  cursor=${words[${#words[@]}-1]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      ?*)
        text=${line%%$'\t'*}
        # What stands before the last break is on the line already.
        if [[ $cursor == *[:=]* ]]; then text=${text#"${cursor%"${cursor##*[:=]}"}"}; fi
        COMPREPLY+=("$text")
        ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  word=${cursor##*=}
  case $directive in
    :files) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word") ;;
    :dirs) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$word") ;;
  esac
  if [[ $directive != "" ]]; then compopt -o filenames 2>/dev/null; fi
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _skillgrad skillgrad
