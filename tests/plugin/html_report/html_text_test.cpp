#include "plugin/html_report/html_text.h"

#include "tests/support/catch.h"

#include <string>

using namespace limpid;

TEST_CASE("html text: nothing in a name becomes a tag, an attribute or an entity") {
  CHECK(escaped_html("<script>alert('x')</script>.mrc") ==
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;.mrc");
  CHECK(escaped_html("a\" onload=\"b & c") == "a&quot; onload=&quot;b &amp; c");
  CHECK(escaped_html("&lt;") == "&amp;lt;");
}

TEST_CASE("html text: bytes that are no text are shown as such") {
  CHECK(escaped_html("gr\xc3\xb6\xc3\x9f"
                     "e") ==
        "gr\xc3\xb6\xc3\x9f"
        "e");
  CHECK(escaped_html("\xff\xfe\n\x1b[0m") == "????[0m");
  CHECK(escaped_html(std::string("a\0b", 3)) == "a?b");
}

TEST_CASE("html text: bytes in a URL") {
  CHECK(data_url("image/png", "") == "data:image/png;base64,");
  CHECK(data_url("a/b", "f") == "data:a/b;base64,Zg==");
  CHECK(data_url("a/b", "fo") == "data:a/b;base64,Zm8=");
  CHECK(data_url("a/b", "foo") == "data:a/b;base64,Zm9v");
  CHECK(data_url("a/b", "\xff\xff\xff\x00") == "data:a/b;base64,////");
  CHECK(data_url("a/b", std::string("\xfb\xef\xbe\x00", 4)) == "data:a/b;base64,++++AA==");
}
