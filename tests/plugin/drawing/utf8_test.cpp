#include "plugin/drawing/utf8.h"

#include "tests/support/catch.h"

#include <string>

using namespace limpid;

TEST_CASE("utf8: valid text stays as it is") {
  const std::string text = "Grid 3 \u00c5 \u20ac \U0001f52c/mic.mrc";
  CHECK(drawable_text(text) == text);
}

TEST_CASE("utf8: bytes that are no text become question marks") {
  CHECK(drawable_text("a\xff"
                      "b") == "a?b");
  CHECK(drawable_text("a\nb\tc\x7f") == "a?b?c?");
  CHECK(drawable_text("\xc0\xaf") == "??");            // overlong '/'
  CHECK(drawable_text("\xe0\x80\x80") == "???");       // overlong NUL
  CHECK(drawable_text("\xed\xa0\x80") == "???");       // surrogate
  CHECK(drawable_text("\xf4\x90\x80\x80") == "????");  // beyond U+10FFFF
  CHECK(drawable_text("\xe2\x82") == "??");            // cut off
  CHECK(drawable_text(std::string_view("\0x", 2)) == "?x");
}

TEST_CASE("utf8: characters are taken away whole") {
  CHECK(without_first_character("\u20acx") == "x");
  CHECK(without_first_character("x") == "");
}
