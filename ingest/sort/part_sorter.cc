#include "ingest/sort/part_sorter.h"

#include "store/coding.h"

namespace cairn {

namespace {

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
    Decoder in(record->value, "sorted parts");
    uint64_t end = 0;
    read_part_body(in, part, end);
    in.finish();
    return true;
  }

 private:
  RecordSorter sorter_;
  bool begun_ = false;
  std::string last_;   // the name given last
};

}  // namespace

void PartSorter::add(const Part& part) {
  if (!CatalogueWriter::holds(part)) {
    ++left_out_;
    return;
  }
  body_.clear();
  uint64_t end = 0;
  append_part_body(body_, part, end);
  sorter_.add(part.name, body_);
}

std::unique_ptr<PartStream> PartSorter::finish() && { return std::make_unique<SortedParts>(std::move(sorter_)); }

}  // namespace cairn
