#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

struct tiff;

namespace limpid {

// Owns a file opened by libtiff and collects what libtiff has to say about it. To be used by one
// thread at a time; several handles never mix their messages.
class TiffHandle {
 public:
  // Throws Error(ErrorKind::input) if there is no such file or libtiff cannot read its first page.
  explicit TiffHandle(const std::string& path);
  TiffHandle(const TiffHandle&) = delete;
  TiffHandle& operator=(const TiffHandle&) = delete;
  ~TiffHandle();

  const std::string& path() const { return messages_.path; }
  std::uint64_t file_size_bytes() const { return file_size_bytes_; }

  // Runs action(tiff), which calls libtiff, and returns its result; throws if libtiff reported an
  // error meanwhile, even if it then went on with made-up data.
  template <class Action>
  auto call(const char* doing, Action&& action) {
    const Scope scope(messages_);
    const auto result = std::forward<Action>(action)(tiff_);
    if (!messages_.error.empty())
      fail_reading("{}: {}", doing, std::exchange(messages_.error, {}));
    return result;
  }

  // Throws Error(ErrorKind::input) with "reading 'PATH': " in front.
  template <class... Args>
  [[noreturn]] void fail_reading(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input,
         "reading '{}': {}",
         path(),
         fmt::format(format, std::forward<Args>(args)...));
  }

  struct Messages {
    std::string path;
    std::string error;  // the first one; empty if there was none
  };

 private:
  // Tells message handlers that belong to no file, those of old versions, whose call is running.
  struct Scope {
    explicit Scope(Messages& messages);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();
  };

  Messages messages_;
  std::uint64_t file_size_bytes_ = 0;
  ::tiff* tiff_ = nullptr;
};

}  // namespace limpid
