#include "plugin/job/job_check.h"

#include "core/base/error.h"
#include "plugin/job/job_fields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace limpid {
namespace {

class RangeCheck {
 public:
  template <class Field>
  void operator()(const char* key, const Field& field, const Range& range = {}) {
    if constexpr (std::is_same_v<Field, bool>)
      return;
    else if constexpr (std::is_arithmetic_v<Field>)
      check_number(key, field, range);
    else if constexpr (std::is_class_v<Field> && requires { visit_fields(*this, field); })
      check_struct(key, field);
  }
  template <class Number>
  void operator()(const char* key, const std::optional<Number>& number, const Range& range = {}) {
    if (number)
      (*this)(key, *number, range);
  }
  void operator()(const char* key, const std::vector<int>& numbers, const Range& range) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      check_number(key, numbers[i], range);
      if (std::find(numbers.begin(),
                    numbers.begin() + static_cast<std::ptrdiff_t>(i),
                    numbers[i]) != numbers.begin() + static_cast<std::ptrdiff_t>(i))
        problems_.push_back(fmt::format("{}{} has {} twice", path_, key, numbers[i]));
    }
  }
  void operator()(const char* key, const std::string& text) {
    if (text.find('\0') != std::string::npos)
      problems_.push_back(fmt::format("{}{} contains a NUL byte", path_, key));
  }
  void operator()(const char* key, const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
      (*this)(key, text);
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  template <class Number>
  void check_number(const char* key, Number number, const Range& range) {
    const auto value = static_cast<double>(number);
    // Written so that NaN is outside.
    if (!(value >= range.smallest && value <= range.largest))
      problems_.push_back(fmt::format(
          "{}{} is {}, expected {:g} to {:g}", path_, key, number, range.smallest, range.largest));
  }
  template <class Struct>
  void check_struct(const char* key, const Struct& fields) {
    const std::string outer = path_;
    path_ += std::string(key) + ".";
    visit_fields(*this, fields);
    path_ = outer;
  }

  std::string path_;
  std::vector<std::string> problems_;
};

}  // namespace

void check_ranges(const Job& job) {
  RangeCheck check;
  std::visit([&](const auto& any) { visit_fields(check, any); }, job);
  if (!check.problems().empty())
    fail(ErrorKind::usage, "{}", fmt::join(check.problems(), "; "));
}

}  // namespace limpid
