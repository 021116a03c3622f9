#include "core/io/safetensors.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <bit>
#include <cstring>
#include <limits>

using namespace limpid;
using limpid::test::content_of;
using limpid::test::TemporaryFolder;

namespace {

// A file from a description and data, as the format lays it out.
std::string file_of(const std::string& description, const std::string& data = "") {
  std::string length(8, '\0');
  const std::uint64_t size = description.size();
  std::memcpy(length.data(), &size, 8);
  return length + description + data;
}

std::string bytes_of(const std::vector<float>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4);
}

std::string tensor(const std::string& name,
                   const std::string& shape,
                   const std::string& offsets,
                   const std::string& type = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

std::string reading_error(const std::string& path) {
  try {
    read_safetensors(path);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::model);
    CHECK_THAT(error.what(), Catch::StartsWith("reading '" + path + "': "));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "accepted";
}

TensorFile example() {
  TensorFile content;
  content.metadata = {{"architecture", "unet"}, {"licence", "Apache-2.0"}, {"quote", "a \"b\"\n"}};
  content.tensors.push_back({"z.weight", {2, 3}, {1, 2, 3, 4, 5, 6}});
  content.tensors.push_back({"a.bias", {2}, {-1.5f, 1e-30f}});
  content.tensors.push_back({"scale", {}, {7}});
  content.tensors.push_back({"empty", {0, 4}, {}});
  return content;
}

}  // namespace

TEST_CASE("safetensors: what is written comes back in the same order") {
  const TemporaryFolder folder;
  write_safetensors(folder.path("a.safetensors"), example());
  const TensorFile back = read_safetensors(folder.path("a.safetensors"));
  const TensorFile expected = example();
  CHECK(back.metadata == expected.metadata);
  REQUIRE(back.tensors.size() == expected.tensors.size());
  for (std::size_t i = 0; i < back.tensors.size(); ++i) {
    CHECK(back.tensors[i].name == expected.tensors[i].name);
    CHECK(back.tensors[i].shape == expected.tensors[i].shape);
    CHECK(back.tensors[i].values == expected.tensors[i].values);
  }
  REQUIRE(back.find("a.bias") != nullptr);
  CHECK(back.find("a.bias")->values[0] == -1.5f);
  CHECK(back.find("b.bias") == nullptr);
}

TEST_CASE("safetensors: the bytes are those of the format, aligned, the same every time") {
  const TemporaryFolder folder;
  TensorFile content;
  content.metadata = {{"b", "2"}, {"a", "1"}};
  content.tensors.push_back({"w", {1, 2}, {1.0f, 2.0f}});
  write_safetensors(folder.path("a"), content);
  std::string description =
      R"({"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  description.resize((8 + description.size() + 63) / 64 * 64 - 8, ' ');
  CHECK(content_of(folder.path("a")) == file_of(description, bytes_of({1.0f, 2.0f})));
  write_safetensors(folder.path("b"), content);
  CHECK(content_of(folder.path("a")) == content_of(folder.path("b")));
}

TEST_CASE("safetensors: half precision and bfloat16 are widened") {
  const TemporaryFolder folder;
  const std::uint16_t halves[] = {0x3c00, 0xc000, 0x0001};  // 1, -2, 2^-24
  const std::uint16_t brains[] = {0x3f80, 0xc049};          // 1, -3.140625
  const std::string data = std::string(reinterpret_cast<const char*>(halves), 6) +
                           std::string(reinterpret_cast<const char*>(brains), 4);
  const TensorFile content =
      read_safetensors(folder.write("a",
                                    file_of("{" + tensor("h", "[3]", "[0,6]", "F16") + "," +
                                                tensor("b", "[2]", "[6,10]", "BF16") + "}",
                                            data)));
  CHECK(content.find("h")->values == std::vector<float>{1.0f, -2.0f, 0x1p-24f});
  CHECK(content.find("b")->values == std::vector<float>{1.0f, -3.140625f});
}

TEST_CASE("safetensors: a file without tensors or without metadata is read") {
  const TemporaryFolder folder;
  CHECK(read_safetensors(folder.write("a", file_of("{}"))).tensors.empty());
  CHECK(read_safetensors(folder.write("a", file_of("{\"__metadata__\":{\"k\":\"v\"}}   ")))
            .metadata.at("k") == "v");
}

TEST_CASE("safetensors: hostile and damaged files are refused") {
  const TemporaryFolder folder;
  const std::string four = bytes_of({1.0f});
  const std::string eight = bytes_of({1.0f, 2.0f});
  const std::string one = "{" + tensor("w", "[1]", "[0,4]") + "}";
  REQUIRE(reading_error(folder.write("a", file_of(one, four))) == "accepted");
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += "{\"a\":[";
  struct Case {
    const char* what;
    std::string bytes;
    const char* message;
  };
  const auto with_length = [](std::uint64_t length, const std::string& rest) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return bytes + rest;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Case cases[] = {
      {"empty", "", "0 bytes"},
      {"seven bytes", "1234567", "7 bytes"},
      {"length past the end", with_length(one.size() + 5, one + four), "truncated"},
      {"length 2^64 - 1", with_length(~0ull, one + four), "truncated"},
      {"length 2^63", with_length(1ull << 63, one + four), "truncated"},
      {"description of no bytes", with_length(0, ""), "not valid JSON"},
      {"a zip archive, as pickled models are",
       "PK\3\4" + std::string(60, 'x'),
       "not a safetensors"},
      {"not JSON", file_of("not JSON"), "not valid JSON"},
      {"a list", file_of("[]"), "not a JSON object"},
      {"a number", file_of("1"), "not a JSON object"},
      {"JSON cut short", file_of(one.substr(0, one.size() - 1), four), "not valid JSON"},
      {"text behind the JSON", file_of(one + "x", four), "not valid JSON"},
      {"bytes that are not UTF-8", file_of("{\"\xff\":1}"), "not valid JSON"},
      {"very deep nesting", file_of(deep), "nested deeper than 8"},
      {"tensor twice",
       file_of("{" + tensor("w", "[1]", "[0,4]") + "," + tensor("w", "[1]", "[4,8]") + "}", eight),
       "the key 'w' twice"},
      {"field twice",
       file_of(R"({"w":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}})", four),
       "the key 'shape' twice"},
      {"unknown field",
       file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", four),
       "needs exactly dtype, shape and data_offsets"},
      {"missing field", file_of(R"({"w":{"dtype":"F32","shape":[1]}})"), "needs exactly"},
      {"tensor that is a number", file_of(R"({"w":1})"), "needs exactly"},
      {"unknown type", file_of("{" + tensor("w", "[1]", "[0,4]", "I32") + "}", four), "\"I32\""},
      {"type that is a number",
       file_of(R"({"w":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", four),
       "has type 7"},
      {"negative size", file_of("{" + tensor("w", "[-1]", "[0,4]") + "}", four), "natural number"},
      {"size with a fraction",
       file_of("{" + tensor("w", "[1.0]", "[0,4]") + "}", four),
       "natural number"},
      {"size that is text",
       file_of("{" + tensor("w", "[\"1\"]", "[0,4]") + "}", four),
       "natural number"},
      {"size beyond 64 bits",
       file_of("{" + tensor("w", "[99999999999999999999999]", "[0,4]") + "}", four),
       "natural number"},
      {"shape that is no list", file_of("{" + tensor("w", "1", "[0,4]") + "}", four), "no shape"},
      {"six sizes",
       file_of("{" + tensor("w", "[1,1,1,1,1,1]", "[0,4]") + "}", four),
       "at most 5 sizes"},
      {"sizes whose product wraps to 1",
       file_of("{" + tensor("w", "[1073741824,1073741824,16,1]", "[0,4]") + "}", four),
       "of shape"},
      {"huge size",
       file_of("{" + tensor("w", "[4611686018427387905]", "[0,4]") + "}", four),
       "a size of 4611686018427387905"},
      {"shape larger than its data",
       file_of("{" + tensor("w", "[2]", "[0,4]") + "}", four),
       "of shape [2]"},
      {"one offset", file_of("{" + tensor("w", "[1]", "[0]") + "}", four), "pair of data offsets"},
      {"offsets in the wrong order",
       file_of("{" + tensor("w", "[1]", "[4,0]") + "}", four),
       "from byte 4 to 0"},
      {"negative offset",
       file_of("{" + tensor("w", "[1]", "[-4,0]") + "}", four),
       "natural number"},
      {"data past the end",
       file_of("{" + tensor("w", "[2]", "[0,8]") + "}", four),
       "take 8 bytes, the file has 4"},
      {"data not covered", file_of(one, eight), "take 4 bytes, the file has 8"},
      {"gap",
       file_of("{" + tensor("v", "[1]", "[0,4]") + "," + tensor("w", "[1]", "[8,12]") + "}",
               eight + four),
       "begins at data byte 8, expected 4"},
      {"overlap",
       file_of("{" + tensor("v", "[2]", "[0,8]") + "," + tensor("w", "[1]", "[4,8]") + "}", eight),
       "begins at data byte 4, expected 8"},
      {"one byte missing", file_of(one, four.substr(1)), "take 4 bytes, the file has 3"},
      {"NaN", file_of(one, bytes_of({nan})), "not finite"},
      {"infinity in half precision",
       file_of("{" + tensor("w", "[1]", "[0,2]", "F16") + "}", std::string("\0\x7c", 2)),
       "not finite"},
      {"infinity in bfloat16",
       file_of("{" + tensor("w", "[1]", "[0,2]", "BF16") + "}", std::string("\x80\x7f", 2)),
       "not finite"},
      {"metadata that is a list", file_of(R"({"__metadata__":[]})"), "is not an object"},
      {"metadata that is a number", file_of(R"({"__metadata__":{"a":1}})"), "is not a text"},
      {"name with a line end",
       file_of("{" + tensor("a\\nb", "[2]", "[0,4]") + "}", four),
       "tensor 'a?b'"}};
  for (const Case& test : cases) {
    INFO(test.what);
    CHECK_THAT(reading_error(folder.write("a", test.bytes)), ContainsSubstring(test.message));
  }
}

TEST_CASE("safetensors: files beyond the limits are refused before they are loaded") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", file_of("{}"));
  std::filesystem::resize_file(path, (1ull << 30) + 1);
  CHECK_THAT(reading_error(path), ContainsSubstring("at most 1073741824 are allowed"));
  // A description of 16 MB and a byte, in a file that is large enough.
  std::string large = file_of("");
  const std::uint64_t length = (16 << 20) + 1;
  std::memcpy(large.data(), &length, 8);
  const std::string other = folder.write("b", large);
  std::filesystem::resize_file(other, 20 << 20);
  CHECK_THAT(reading_error(other), ContainsSubstring("a description of 16777217 bytes"));
}

TEST_CASE("safetensors: many keys take no quadratic time") {
  std::string description = "{\"__metadata__\":{\"k\":\"\"";
  for (int i = 0; i < 300000; ++i)
    description += ",\"" + std::to_string(i) + "\":\"\"";
  const TemporaryFolder folder;
  CHECK(read_safetensors(folder.write("a", file_of(description + "}}"))).metadata.size() == 300001);
}

TEST_CASE("safetensors: content that could not be read again is not written") {
  const TemporaryFolder folder;
  const auto refuses = [&](const NamedTensor& tensor_to_write) {
    TensorFile content;
    content.tensors = {{"first", {1}, {1}}, tensor_to_write};
    try {
      write_safetensors(folder.path("a"), content);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::internal && folder.file_count() == 0;
    }
    return false;
  };
  CHECK(refuses({"", {1}, {1}}));
  CHECK(refuses({"first", {1}, {1}}));
  CHECK(refuses({"__metadata__", {1}, {1}}));
  CHECK(refuses({"w", {2}, {1}}));
  CHECK(refuses({"w", {-1, -1}, {1}}));
  CHECK(refuses({"w", {1, 1, 1, 1, 1, 1}, {1}}));
  CHECK(refuses({"w", {1}, {std::numeric_limits<float>::infinity()}}));
  CHECK(refuses({"\xff", {1}, {1}}));
}
