#!/usr/bin/env bash
# Downloads the micrographs of EMPIAR-10025 (T20S proteasome, 196 averaged movies of 7420 x 7676 pixels, 0.66 A/px):
#   tools/download_empiar_10025.sh [OPTIONS] [FOLDER]      FOLDER, empiar_10025 by default, takes the micrographs
#   --micrographs N   only the first N by name
#   --by WAY          auto, aspera, https or ftp; auto: Aspera where `ascp` and its key are found, else HTTPS, else FTP
#   --aspera_key FILE the key of the Aspera client; looked for in the usual places if not given
#   --checksums FILE  lines of `md5sum`; else those that the server has beside the files, if any
#   --parallel N      files at a time, 4 by default
#   --url URL         of a mirror: the folder that holds the .mrc files
#   --dry_run         says what would be downloaded, how large it is and how long it takes, and ends
#   --yes             does not ask
# The same command goes on where an earlier one was stopped: finished files are left alone, others continued. A file has
# its name only when it has the size that the server says and, where there is one, the right checksum.
# Exit status: 0 all there, 1 some missing, 2 usage, 3 declined, 4 too little space. Needs curl.
set -euo pipefail

entry_folder=10025/data/14sep05c_averaged_196
server=ftp.ebi.ac.uk/empiar/world_availability
aspera_host=emp_ext2@fasp.ebi.ac.uk

folder=empiar_10025 way=auto parallel=4 micrographs='' checksums='' url='' dry_run='' yes='' aspera_key=''

usage_error() {
  echo "download_empiar_10025: $1 (--help lists what there is)" >&2
  exit 2
}

print_help() {
  sed -n '2,/^set -/p' "$0" | sed -n 's/^# \{0,1\}//p'
}

read_arguments() {
  local given_folder=
  while [ $# -gt 0 ]; do
    case $1 in
      --help) print_help; exit 0 ;;
      --dry_run) dry_run=1; shift; continue ;;
      --yes) yes=1; shift; continue ;;
      --micrographs | --by | --aspera_key | --checksums | --parallel | --url)
        [ $# -ge 2 ] || usage_error "$1: expected a value" ;;
      -*) usage_error "unknown option '$1'" ;;
      *)
        [ -z "$given_folder" ] || usage_error "two folders: '$given_folder' and '$1'"
        given_folder=$1; shift; continue ;;
    esac
    case $1 in
      --micrographs) micrographs=$2 ;;
      --by) way=$2 ;;
      --aspera_key) aspera_key=$2 ;;
      --checksums) checksums=$2 ;;
      --parallel) parallel=$2 ;;
      --url) url=${2%/} ;;
    esac
    shift 2
  done
  folder=${given_folder:-$folder}
  case $way in auto | aspera | https | ftp) ;; *) usage_error "--by '$way': expected auto, aspera, https or ftp" ;; esac
  for number in "${micrographs:-1}" "$parallel"; do
    [[ $number =~ ^[1-9][0-9]*$ ]] || usage_error "'$number': expected a number above 0"
  done
  [ -z "$checksums" ] || [ -r "$checksums" ] || usage_error "--checksums '$checksums': no such file"
}

find_aspera_key() {
  local place
  for place in "$aspera_key" ~/.aspera/{cli,connect}/etc/asperaweb_id_dsa.openssh ~/.aspera/connect/etc/aspera_tokenauth_id_rsa \
    "${CONDA_PREFIX:-/nowhere}/etc/asperaweb_id_dsa.openssh"; do
    if [ -n "$place" ] && [ -r "$place" ]; then
      aspera_key=$place
      return 0
    fi
  done
  return 1
}

# Lists and sizes come by HTTPS or FTP in any case.
choose_way() {
  if [ "$way" = aspera ] || { [ "$way" = auto ] && [ -z "$url" ]; }; then
    if command -v ascp > /dev/null && find_aspera_key; then
      way=aspera
    elif [ "$way" = aspera ]; then
      usage_error "--by aspera: expected the program ascp in PATH, and its key (--aspera_key)"
    fi
  fi
  if [ -n "$url" ]; then
    way=${url%%:*}
    return 0
  fi
  url=https://$server/$entry_folder
  if [ "$way" = ftp ] || { [ "$way" = auto ] && ! curl -fsS --max-time 30 -o /dev/null "$url/" 2> /dev/null; }; then
    url=ftp://$server/$entry_folder
  fi
  [ "$way" = aspera ] || way=${url%%:*}
}

# Names of everything in the folder of the server.
list_server() {
  case $url in
    ftp://*) curl -fsS --retry 3 --list-only "$url/" | tr -d '\r' ;;
    *) curl -fsSL --retry 3 "$url/" | grep -oE 'href="[^"/?]+"' | sed 's/^href="//; s/"$//' ;;
  esac | LC_ALL=C sort -u
}

# Lines "SIZE NAME", by one connection for all files.
ask_sizes() {
  local name
  while read -r name; do
    printf 'url = "%s/%s"\n' "$url" "$name"
  done | curl -sSL --retry 3 --head --write-out 'of %{url_effective}\n' --config - | tr -d '\r' |
    awk 'tolower($1) == "content-length:" { size = $2 }
         $1 == "of" { sub(/.*\//, "", $2); print size, $2; size = "" }'
}

# Only what this script writes has the suffix .part.
fetch_one() {
  local size=$1 name=$2
  local file=$folder/$name part=$folder/$name.part expected found
  [ "$(stat -c %s "$file" 2> /dev/null)" != "$size" ] || return 0
  if [ "$(stat -c %s "$part" 2> /dev/null || echo 0)" -gt "$size" ]; then rm -f "$part"; fi
  if [ "$way" = aspera ]; then
    ascp -k 2 -QT -l 1000m -P 33001 -i "$aspera_key" "$aspera_host:/$entry_folder/$name" "$part" || true
  elif [ "$(stat -c %s "$part" 2> /dev/null || echo 0)" != "$size" ]; then
    curl -fsSL --retry 5 --retry-delay 5 --connect-timeout 30 --speed-limit 1000 --speed-time 60 -C - \
      -o "$part" "$url/$name" || true
  fi
  found=$(stat -c %s "$part" 2> /dev/null || echo 0)
  if [ "$found" != "$size" ]; then
    echo "download_empiar_10025: '$file': $found bytes came, expected $size; the same command goes on" >&2
    return 1
  fi
  expected=$(awk -v name="$name" '{ file = $2; sub(/.*\//, "", file); sub(/^\*/, "", file) } file == name { print $1; exit }' \
    "$checksums" 2> /dev/null || true)
  if [ -n "$expected" ] && [ "$(md5sum < "$part" | cut -d ' ' -f 1)" != "$expected" ]; then
    rm -f "$part"
    echo "download_empiar_10025: '$file': another checksum than the expected $expected; removed, the same command fetches it again" >&2
    return 1
  fi
  mv "$part" "$file"
  echo "$name"
}

gigabytes() {
  awk -v bytes="$1" 'BEGIN { printf "%.2f GB", bytes / 1e9 }'
}

duration() {
  awk -v bytes="$1" -v rate="$2" 'BEGIN { s = bytes / rate; if (s < 90) printf "%.0f s", s; else if (s < 5400)
    printf "%.0f min", s / 60; else printf "%.1f h", s / 3600 }'
}

find_checksums() {
  [ -z "$checksums" ] || return 0
  local name
  name=$(printf '%s\n' "$1" | grep -iE '^md5|\.md5$|md5sums?' | head -n 1 || true)
  checksums=
  if [ -n "$name" ]; then
    checksums=$(mktemp)
    trap 'rm -f "$checksums"' EXIT
    curl -fsSL --retry 3 -o "$checksums" "$url/$name" || checksums=
  fi
}

main() {
  read_arguments "$@"
  command -v curl > /dev/null || usage_error "the program curl is needed"
  choose_way
  local listing files missing total count free
  listing=$(list_server) || { echo "download_empiar_10025: the list of files at $url cannot be read" >&2; exit 1; }
  files=$(printf '%s\n' "$listing" | grep -E '^[A-Za-z0-9._-]+\.mrc$' | head -n "${micrographs:-100000}" || true)
  [ -n "$files" ] || { echo "download_empiar_10025: there are no .mrc files at $url" >&2; exit 1; }
  files=$(printf '%s\n' "$files" | ask_sizes)
  if printf '%s\n' "$files" | grep -qvE '^[0-9]+ .'; then
    echo "download_empiar_10025: the server does not say how large its files are" >&2
    exit 1
  fi
  find_checksums "$listing"
  missing=$(printf '%s\n' "$files" | while read -r size name; do
    [ "$(stat -c %s "$folder/$name" 2> /dev/null)" = "$size" ] || echo "$size $name"
  done)
  count=$(printf '%s\n' "$files" | wc -l)
  if [ -z "$missing" ]; then
    echo "All $count micrographs are in '$folder'"
    exit 0
  fi
  total=$(printf '%s\n' "$missing" | while read -r size name; do
    echo $((size - $(stat -c %s "$folder/$name.part" 2> /dev/null || echo 0)))
  done | awk '{ sum += $1 } END { printf "%.0f", sum }')
  local existing=$folder
  while [ ! -d "$existing" ]; do existing=$(dirname "$existing"); done
  free=$(df -Pk "$existing" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  echo "$(printf '%s\n' "$missing" | wc -l) of $count micrographs, $(gigabytes "$total"), from $url by $way into '$folder'"
  echo "That takes $(duration "$total" 1e7) at 10 MB/s, $(duration "$total" 1e8) at 100 MB/s; $(gigabytes "$free") are free there"
  echo "Checked by $([ -n "$checksums" ] && echo checksum || echo "size: the server has no checksums")"
  if [ "$free" -lt "$total" ]; then
    echo "download_empiar_10025: $(gigabytes "$total") are needed in '$folder', $(gigabytes "$free") are free" >&2
    exit 4
  fi
  [ -z "$dry_run" ] || exit 0
  if [ -z "$yes" ]; then
    local answer=
    [ -t 0 ] || usage_error "nobody can be asked: expected --yes"
    read -r -p "Go on? [y/N] " answer
    [[ $answer =~ ^[yY] ]] || exit 3
  fi
  mkdir -p "$folder"
  export folder way url checksums aspera_key aspera_host entry_folder
  export -f fetch_one
  # shellcheck disable=SC2016
  if printf '%s\n' "$missing" | xargs -d '\n' -P "$parallel" -n 1 bash -c 'fetch_one "${1%% *}" "${1#* }"' fetch; then
    echo "All $count micrographs are in '$folder'"
  else
    echo "download_empiar_10025: some micrographs are missing; the same command fetches them" >&2
    exit 1
  fi
}

main "$@"
