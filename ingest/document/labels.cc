#include "ingest/document/labels.h"

namespace cairn {

namespace {

constexpr std::string_view kUsualLabels[] = {"name", "username", "title", "slug",  "key",  "id",
                                            "uuid", "_id",      "pk",    "code",  "email", "path"};

}  // namespace

std::span<const std::string_view> usual_labels() { return kUsualLabels; }

}  // namespace cairn
