#include "plugin/html_report/html_page.h"

#include "tests/support/catch.h"

#include <regex>
#include <string>

using namespace limpid;

namespace {

const char* const hostile = "<img src=x onerror=alert(1)>\"'&\xff.mrc";

ComparisonPicture small_picture() {
  Image raw(64, 48, 1.0f);
  Image denoised(64, 48, 1.0f);
  for (std::int64_t x = 0; x < 64; ++x)
    raw.at(x, 5) = static_cast<float>(x % 7);
  return make_comparison(
      {.title = hostile, .pixel_size_angstrom = 2.0, .raw = &raw, .denoised = &denoised});
}

std::string page_with_everything() {
  ReportPage page{.title = hostile,
                  .lines = {hostile},
                  .numbers = {{hostile, hostile, true}},
                  .unknown = {hostile},
                  .tables = {{.title = hostile,
                              .legend = hostile,
                              .columns = {hostile},
                              .rows = {{{hostile}, true}},
                              .left_out_count = 3}},
                  .strips = {{.title = hostile, .legend = hostile, .pictures = {{hostile, "png"}}}},
                  .plots = {{hostile, {}, {}, {{.label = hostile, .x = {0, 1}, .y = {1, 2}}}}},
                  .pictures = {small_picture()}};
  ItemResult failed{
      .name = hostile, .state = ItemState::failed, .reason = hostile, .seconds = 0, .numbers = {}};
  return html_page(page,
                   {.job_json = R"({"job": "denoise", "input": {"star_file": "</table><script>"}})",
                    .items = {failed},
                    .seconds = 3});
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE("html page: whatever names hold, they are text") {
  const std::string html = page_with_everything();
  CHECK(count_of(html, "<img src=x") == 0);
  CHECK(count_of(html, "<script") == 0);
  CHECK(count_of(html, "\xff") == 0);
  CHECK(count_of(html, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;?.mrc") > 10);
}

TEST_CASE("html page: needs nothing from elsewhere") {
  const std::string html = page_with_everything();
  CHECK(count_of(html, "<script") + count_of(html, "<link") + count_of(html, "url(") == 0);
  const std::regex source(R"re(src="([^"]{0,20}))re");
  std::size_t images = 0;
  for (std::sregex_iterator at(html.begin(), html.end(), source), end; at != end; ++at, ++images)
    CHECK((*at)[1].str().starts_with("data:image/"));
  // A strip's, a plot, three panels, three spectra and their curves.
  CHECK(images == 9);
  CHECK(count_of(html, "http") == count_of(html, "http-equiv"));
}

TEST_CASE("html page: tags are closed, failures come with their reasons") {
  const std::string html = page_with_everything();
  for (const char* tag : {"html",
                          "head",
                          "body",
                          "div",
                          "table",
                          "tr",
                          "td",
                          "th",
                          "p",
                          "figure",
                          "section",
                          "h1",
                          "h2",
                          "h3",
                          "b",
                          "style"}) {
    const std::string name = tag;
    INFO(name);
    CHECK(count_of(html, "<" + name + ">") + count_of(html, "<" + name + " ") ==
          count_of(html, "</" + name + ">"));
  }
  CHECK_THAT(html,
             ContainsSubstring("1 failed") && ContainsSubstring("3 rows more") &&
                 ContainsSubstring("input.star_file") && ContainsSubstring("3.0 s in all"));
}

TEST_CASE("html page: pictures that were drawn beforehand stand where the others would") {
  ReportPage page{.title = "a", .pictures = {small_picture(), small_picture()}};
  const PageRun run{.job_json = "{}", .items = {}, .seconds = 1};
  CHECK(count_of(html_page(page, run), "<section>") == 2);
  for (const ComparisonPicture& picture : page.pictures)
    page.drawn_pictures.push_back(drawn_picture(picture));
  const std::string html = html_page(page, run);
  CHECK(count_of(html, "<section>") == 2);
  CHECK(html.find(page.drawn_pictures[0] + page.drawn_pictures[1]) != std::string::npos);
}
