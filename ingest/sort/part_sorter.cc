#include "ingest/sort/part_sorter.h"

#include "store/coding.h"

namespace cairn {

namespace {

// All of a part but its name; never longer than a catalogue has it.
Bytes encode(const Part& part) {
  Encoder out;
  out.string(part.kind);
  out.bytes(part.preamble);
  out.varint(part.extents.size());
  uint64_t end = 0;
  for (const Extent& extent : part.extents) {
    out.svarint(static_cast<int64_t>(extent.offset_bytes - end));
    out.varint(extent.length_bytes);
    end = extent.offset_bytes + extent.length_bytes;
  }
  out.varint(part.properties.size());
  for (const auto& [key, value] : part.properties) {
    out.string(key);
    out.string(value);
  }
  return out.take();
}

void decode(ByteView bytes, Part& part) {
  Decoder in(bytes, "sorted parts");
  part.kind = text(in.bytes());
  const ByteView preamble = in.bytes();
  part.preamble.assign(preamble.begin(), preamble.end());
  part.extents.resize(in.count(2));
  uint64_t end = 0;
  for (Extent& extent : part.extents) {
    extent.offset_bytes = end + static_cast<uint64_t>(in.svarint());
    extent.length_bytes = in.varint();
    end = extent.offset_bytes + extent.length_bytes;
  }
  part.properties.clear();
  for (size_t left = in.count(2); left > 0; --left) {
    const std::string_view key = text(in.bytes());
    part.properties.emplace_hint(part.properties.end(), key, text(in.bytes()));
  }
  in.finish();
}

class SortedParts : public PartStream {
 public:
  explicit SortedParts(RecordSorter sorter) : sorter_(std::move(sorter)) {}
  bool next(Part& part) override {
    const RecordSorter::Record* record = sorter_.next();
    while (record != nullptr && begun_ && record->key == last_) record = sorter_.next();
    if (record == nullptr) return false;
    begun_ = true;
    last_ = record->key;
    part.name = last_;
    decode(record->value, part);
    return true;
  }

 private:
  RecordSorter sorter_;
  bool begun_ = false;
  std::string last_;   // the name given last
};

}  // namespace

void PartSorter::add(const Part& part) {
  if (CatalogueWriter::holds(part)) sorter_.add(part.name, encode(part));
  else ++left_out_;
}

std::unique_ptr<PartStream> PartSorter::finish() && { return std::make_unique<SortedParts>(std::move(sorter_)); }

}  // namespace cairn
