#include "core/io/tiff_handle.h"

#include "core/base/log.h"
#include "core/io/input_file.h"

#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace limpid {
namespace {

using Messages = TiffHandle::Messages;

std::string formatted(const char* format, std::va_list arguments) {
  std::array<char, 512> text{};
  static_cast<void>(std::vsnprintf(text.data(), text.size(), format, arguments));
  for (char& letter : text)
    if (letter == '\n' || letter == '\r')
      letter = ' ';
  return text.data();
}

void keep_error(Messages& messages, const char* format, std::va_list arguments) {
  if (messages.error.empty())
    messages.error = formatted(format, arguments);
}

// Mostly private tags of microscope programs.
void log_library_warning(const Messages& messages, const char* format, std::va_list arguments) {
  log_debug("reading '{}': {}", messages.path, formatted(format, arguments));
}

#if TIFFLIB_VERSION >= 20221213  // 4.5.0: message handlers belong to an open file

constexpr tmsize_t largest_library_allocation_bytes = tmsize_t{1} << 30;

int take_error(TIFF*, void* messages, const char*, const char* format, std::va_list arguments) {
  keep_error(*static_cast<Messages*>(messages), format, arguments);
  return 1;
}

int take_warning(TIFF*, void* messages, const char*, const char* format, std::va_list arguments) {
  log_library_warning(*static_cast<const Messages*>(messages), format, arguments);
  return 1;
}

void mark_call(Messages*) {}

TIFF* open_tiff(int descriptor, Messages& messages) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (options == nullptr)
    return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, largest_library_allocation_bytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options, take_error, &messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options, take_warning, &messages);
  TIFF* tiff = TIFFFdOpenExt(descriptor, messages.path.c_str(), "rm", options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

#else  // one handler for the process; each thread notes the file it is working on

thread_local Messages* messages_of_thread = nullptr;

void take_error(const char*, const char* format, std::va_list arguments) {
  if (messages_of_thread != nullptr)
    keep_error(*messages_of_thread, format, arguments);
}

void take_warning(const char*, const char* format, std::va_list arguments) {
  if (messages_of_thread != nullptr)
    log_library_warning(*messages_of_thread, format, arguments);
}

void mark_call(Messages* messages) {
  messages_of_thread = messages;
}

TIFF* open_tiff(int descriptor, Messages& messages) {
  static std::once_flag installed;
  std::call_once(installed, [] {
    TIFFSetErrorHandler(take_error);
    TIFFSetWarningHandler(take_warning);
  });
  return TIFFFdOpen(descriptor, messages.path.c_str(), "rm");
}

#endif

}  // namespace

TiffHandle::Scope::Scope(Messages& messages) {
  mark_call(&messages);
}

TiffHandle::Scope::~Scope() {
  mark_call(nullptr);
}

// "m": no memory map, because a file that shrinks meanwhile would kill the process.
TiffHandle::TiffHandle(const std::string& path) : messages_{path, {}} {
  InputFile file(path, ErrorKind::input);
  file_size_bytes_ = file.size_bytes();
  FileDescriptor descriptor(file.release());
  const Scope scope(messages_);
  tiff_ = open_tiff(descriptor.get(), messages_);
  if (tiff_ != nullptr)
    static_cast<void>(descriptor.release());  // TIFFClose closes it
  if (tiff_ != nullptr && messages_.error.empty())
    return;
  if (tiff_ != nullptr)
    TIFFClose(tiff_);
  fail_reading("not a readable TIFF file: {}",
               messages_.error.empty() ? "no reason given" : messages_.error);
}

TiffHandle::~TiffHandle() {
  const Scope scope(messages_);
  TIFFClose(tiff_);
}

}  // namespace limpid
