#compdef skillgrad
# Completion of skillgrad for zsh: skillgrad completion zsh > ~/.zfunc/_skillgrad (a folder of $fpath)
_skillgrad() {
  local -a described
  local line value directive=""
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      *$'\t'*)
        value=${${line%%$'\t'*}//:/\\:}
        described+=("$value:${line#*$'\t'}")
        ;;
      ?*) described+=("${line//:/\\:}") ;;
    esac
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#described} )) && _describe 'skillgrad' described
  case $directive in
    :files) _files ;;
    :dirs) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _skillgrad ]]; then _skillgrad "$@"; else compdef _skillgrad skillgrad; fi
