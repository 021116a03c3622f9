#include "core/base/build_id.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string_view>

namespace limpid {
namespace {

struct Search {
  std::uintptr_t address;
  std::string id;
};

const unsigned char* in_memory(const dl_phdr_info& object, const ElfW(Phdr) & segment) {
  // The loader counts addresses as numbers.
  return reinterpret_cast<const unsigned char*>(object.dlpi_addr + segment.p_vaddr);  // NOLINT
}

bool contains(const dl_phdr_info& object, std::uintptr_t address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const auto begin = reinterpret_cast<std::uintptr_t>(in_memory(object, segment));
    if (segment.p_type == PT_LOAD && address >= begin && address - begin < segment.p_memsz)
      return true;
  }
  return false;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  std::string digits;
  for (std::size_t i = 0; i < count; ++i)
    digits += fmt::format("{:02x}", bytes[i]);
  return digits;
}

// A segment of notes: each a header, a name and a content, which are filled up to 4 bytes.
std::string id_in_notes(const unsigned char* notes, std::size_t size_bytes) {
  const auto filled = [](std::size_t size) { return (size + 3) / 4 * 4; };
  while (size_bytes >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof note);
    const unsigned char* name = notes + sizeof note;
    const std::size_t note_bytes = sizeof note + filled(note.n_namesz) + filled(note.n_descsz);
    if (note_bytes > size_bytes)
      break;
    constexpr std::string_view owner("GNU", 4);  // with its zero
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == owner.size() &&
        std::memcmp(name, owner.data(), owner.size()) == 0)
      return hexadecimal(name + filled(note.n_namesz), note.n_descsz);
    notes += note_bytes;
    size_bytes -= note_bytes;
  }
  return {};
}

int look_into(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!contains(*object, search.address))
    return 0;
  for (int i = 0; i < object->dlpi_phnum && search.id.empty(); ++i)
    if (object->dlpi_phdr[i].p_type == PT_NOTE)
      search.id =
          id_in_notes(in_memory(*object, object->dlpi_phdr[i]), object->dlpi_phdr[i].p_memsz);
  return 1;
}

}  // namespace

std::string build_id(const void* address) {
  Search search{reinterpret_cast<std::uintptr_t>(address), {}};
  dl_iterate_phdr(look_into, &search);
  return search.id;
}

}  // namespace limpid
