#!/usr/bin/env bash
# Installs from a build folder, moves the tree, and checks that its programs find all libraries in it:
# copied_tree_test.sh CMAKE BUILD_FOLDER
set -euo pipefail
cmake=$1
build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$cmake" --install "$build" --prefix "$folder/original" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
mkdir "$folder/elsewhere"
mv "$folder/original" "$folder/elsewhere/moved tree"
cd "$folder/elsewhere/moved tree"

for program in bin/*; do
  env -i "$program" --version
  libraries=$(env -i ldd "$program")
  echo "$libraries"
  # The C and C++ run time belongs to the system; all else must come with the tree.
  stray=$(echo "$libraries" | grep -vE 'linux-vdso|/ld-linux|/lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so|elsewhere/moved tree/bin/\.\./lib/limpid/' || true)
  if [ -n "$stray" ]; then
    echo "FAILED: $program takes from outside the tree: $stray"
    exit 1
  fi
done
for file in bin/* lib/limpid/liblimpid*.so; do
  if readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -v 'ORIGIN[^:]*\]$'; then
    echo "FAILED: $file looks for libraries at a fixed path"
    exit 1
  fi
done
