#include "store/backend/s3/listing.h"

#include <charconv>
#include <ctime>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kDeepest = 16;

[[noreturn]] void refuse_answer(const std::string& why) {
  throw Error(ErrorCode::kCorrupt, "the server's answer: " + why + "; is this an S3 server?");
}

// Calls of a document's elements, in order: open(path), text(path, text), close(path); a path is "/Root/Child".
template <class OnText, class OnClose>
void walk(std::string_view xml, OnText on_text, OnClose on_close) {
  if (xml.size() > kMostS3AnswerBytes) refuse_answer("too long");
  std::string path, text;
  std::vector<size_t> starts;   // of the path's elements
  auto take = [&](std::string_view close, const char* what) {
    const size_t end = xml.find(close);
    if (end == std::string_view::npos) refuse_answer(std::string("an unfinished ") + what);
    std::string_view inside = xml.substr(0, end);
    xml.remove_prefix(end + close.size());
    return inside;
  };
  auto leave = [&] {
    on_text(path, text);
    on_close(path);
    text.clear();
    path.resize(starts.back());
    starts.pop_back();
  };
  while (!xml.empty()) {
    if (xml.front() == '&') {
      xml.remove_prefix(1);
      const std::string_view name = take(";", "entity").substr(0, 16);
      uint32_t code = 0;
      if (name == "amp") text += '&';
      else if (name == "lt") text += '<';
      else if (name == "gt") text += '>';
      else if (name == "quot") text += '"';
      else if (name == "apos") text += '\'';
      else {
        const bool hex = name.starts_with("#x");
        const std::string_view digits = name.substr(std::min<size_t>(name.size(), hex ? 2 : 1));
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
        if (!name.starts_with('#') || error != std::errc() || end != digits.data() + digits.size() || code == 0 || code > 127)
          refuse_answer("an entity that has no place here");   // others come percent-encoded
        text += static_cast<char>(code);
      }
    } else if (xml.front() != '<') {
      const size_t end = std::min(xml.find_first_of("<&"), xml.size());
      if (!starts.empty()) text += xml.substr(0, end);
      xml.remove_prefix(end);
    } else if (xml.starts_with("<?")) {
      take("?>", "declaration");
    } else if (xml.starts_with("<!--")) {
      take("-->", "comment");
    } else if (xml.starts_with("<!")) {
      refuse_answer("a document type or a section, which have no place here");
    } else if (xml.starts_with("</")) {
      xml.remove_prefix(2);
      std::string_view name = take(">", "tag");
      name = name.substr(0, name.find_first_of(" \t\r\n"));
      if (starts.empty() || std::string_view(path).substr(starts.back() + 1) != name) refuse_answer("tags that don't match");
      leave();
    } else {
      xml.remove_prefix(1);
      std::string_view tag = take(">", "tag");
      const bool empty = tag.ends_with('/');
      if (empty) tag.remove_suffix(1);
      const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n"));
      if (name.empty() || name.size() > 100 || name.find('/') != std::string_view::npos) refuse_answer("a tag without a name");
      if (starts.size() >= kDeepest) refuse_answer("too deep");
      text.clear();
      starts.push_back(path.size());
      path += '/';
      path += name;
      if (empty) leave();
    }
  }
  if (!starts.empty()) refuse_answer("cut short");
}

std::string decoded_key(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const std::string_view digits = text.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
      if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) refuse_answer("a key that isn't encoded as was asked");
      out += static_cast<char>(byte);
      i += 2;
    }
  }
  return out;
}

template <class Number>
Number number(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) refuse_answer("something else where a number belongs");
  return out;
}

}  // namespace

int64_t parse_s3_time(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text.back() != 'Z')
    refuse_answer("something else where a time belongs");
  std::tm parts{};
  parts.tm_year = number<int>(text.substr(0, 4)) - 1900;
  parts.tm_mon = number<int>(text.substr(5, 2)) - 1;
  parts.tm_mday = number<int>(text.substr(8, 2));
  parts.tm_hour = number<int>(text.substr(11, 2));
  parts.tm_min = number<int>(text.substr(14, 2));
  parts.tm_sec = number<int>(text.substr(17, 2));
  if (parts.tm_year < 70 || parts.tm_year > 300) refuse_answer("something else where a time belongs");
  std::string fraction = text[19] == '.' ? std::string(text.substr(20, text.size() - 21)) : "";
  if (fraction.find_first_not_of("0123456789") != std::string::npos) refuse_answer("something else where a time belongs");
  fraction.resize(9, '0');
  return static_cast<int64_t>(::timegm(&parts)) * 1'000'000'000 + number<int64_t>(fraction);
}

S3Listing parse_listing(std::string_view xml) {
  S3Listing out;
  S3Object object;
  bool encoded = false, truncated = false, any = false, sized = false;
  const std::string root = "/ListBucketResult";
  walk(
      xml,
      [&](const std::string& path, std::string& text) {
        if (!path.starts_with(root)) return;
        const std::string_view inside = std::string_view(path).substr(root.size());
        if (inside.empty()) any = true;
        else if (inside == "/EncodingType") encoded = text == "url";
        else if (inside == "/IsTruncated") truncated = text == "true";
        else if (inside == "/NextContinuationToken") out.next = std::move(text);
        else if (inside == "/Contents/Key") object.key = std::move(text);
        else if (inside == "/Contents/Size") object.size_bytes = number<uint64_t>(text), sized = true;
        else if (inside == "/Contents/LastModified") object.modified_ns = parse_s3_time(text);
        else if (inside == "/Contents/ETag") object.etag = std::move(text);
      },
      [&](const std::string& path) {
        if (path != root + "/Contents") return;
        if (object.key.empty() || !sized) refuse_answer("an object without key or size");
        if (object.etag.size() >= 2 && object.etag.front() == '"') object.etag = object.etag.substr(1, object.etag.size() - 2);
        out.objects.push_back(std::move(object));
        object = {};
        sized = false;
      });
  if (!any) refuse_answer("not a list of objects");
  if (truncated && out.next.empty()) refuse_answer("a list that goes on, but doesn't say where");
  if (!truncated) out.next.clear();
  if (encoded)   // the element may come after the keys
    for (S3Object& each : out.objects) each.key = decoded_key(each.key);
  return out;
}

S3Retention parse_retention(std::string_view xml) {
  S3Retention out;
  walk(
      xml,
      [&](const std::string& path, std::string& text) {
        if (path == "/Retention/Mode") out.mode = std::move(text);
        if (path == "/Retention/RetainUntilDate") out.end_ns = parse_s3_time(text);
      },
      [](const std::string&) {});
  return out;
}

S3Failure parse_failure(std::string_view xml) noexcept {
  S3Failure out;
  try {
    walk(
        xml,
        [&](const std::string& path, std::string& text) {
          if (path == "/Error/Code") out.code = std::move(text);
          if (path == "/Error/Message") out.message = std::move(text);
        },
        [](const std::string&) {});
  } catch (const std::exception&) {  // a proxy's page, perhaps: the status says enough
    return {};
  }
  return out;
}

}  // namespace cairn
