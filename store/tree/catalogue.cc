#include "store/tree/catalogue.h"

namespace cairn {

Bytes encode_catalogue_leaf(std::span<const Part> parts, uint64_t base, uint64_t& end) {
  Encoder out = begin_object(ObjectKind::kCatalogueLeaf);
  out.varint(parts.size());
  end = base;
  for (const Part& part : parts) {
    out.string(part.name);
    out.string(part.kind);
    out.bytes(part.preamble);
    out.varint(part.extents.size());
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
  }
  return out.take();
}

std::vector<Part> decode_catalogue_leaf(Decoder& in, uint64_t base, uint64_t& end) {
  std::vector<Part> parts(in.count(5));
  end = base;
  for (Part& part : parts) {
    part.name = in.string();
    part.kind = in.string(255);
    ByteView preamble = in.bytes();
    part.preamble.assign(preamble.begin(), preamble.end());
    part.extents.resize(in.count(2));
    for (Extent& extent : part.extents) {
      extent.offset_bytes = end + static_cast<uint64_t>(in.svarint());
      extent.length_bytes = in.varint();
      end = extent.offset_bytes + extent.length_bytes;
      if (end < extent.offset_bytes) in.fail("an extent beyond all bounds");
    }
    size_t properties = in.count(2);
    for (size_t i = 0; i < properties; ++i) {
      std::string key = in.string();
      part.properties[key] = in.string();
    }
  }
  in.finish();
  return parts;
}

Bytes encode_catalogue_branch(std::span<const CatalogueChild> children) {
  Encoder out = begin_object(ObjectKind::kCatalogueBranch);
  out.varint(children.size());
  for (const CatalogueChild& child : children) {
    out.raw(child.id.view());
    out.varint(child.part_count);
    out.svarint(child.advance_bytes);
    out.string(child.first_name);
  }
  return out.take();
}

std::vector<CatalogueChild> decode_catalogue_branch(Decoder& in) {
  std::vector<CatalogueChild> children(in.count(35));
  for (CatalogueChild& child : children) {
    child.id = ChunkId::from_bytes(in.raw(32));
    child.part_count = in.varint();
    child.advance_bytes = in.svarint();
    child.first_name = in.string();
  }
  in.finish();
  return children;
}

}  // namespace cairn
