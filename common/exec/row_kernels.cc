#include <millstream/exec/operator.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/slice_writer.h>

#include <string>
#include <utility>

#include "common/exec/row_memory.h"

namespace millstream::exec {

template struct RowFunctions<int64_t>;
template struct RowFunctions<std::string>;
template struct RowFunctions<std::string_view>;
template struct RowFunctions<std::pair<std::string, int64_t>>;
template struct RowFunctions<std::pair<std::string_view, int64_t>>;

namespace {

class EncodeKernel : public UntypedOperator {
 public:
  explicit EncodeKernel(KernelArgs& args)
      : UntypedOperator(args, *args.rows), type_(*args.rows), sink_(args.sink) {}

  bool Next(Chunk&) override {
    SliceWriter writer;
    Encoder scratch;
    Chunk in;
    while (Pull(in)) {
      ForEachEncodedRow(type_, in, scratch, [&writer](std::string_view row) { writer.Append(row); });
      for (Bytes& slice : writer.TakeFinished()) ThrowIfError(sink_->Add(0, std::move(slice)));
    }
    for (Bytes& slice : writer.Take()) ThrowIfError(sink_->Add(0, std::move(slice)));
    return false;
  }

 private:
  const RowType& type_;
  SliceSink* const sink_;
};

class DealKernel : public UntypedOperator {
 public:
  explicit DealKernel(KernelArgs& args)
      : UntypedOperator(args, *args.rows), type_(*args.rows), sink_(args.sink) {}

  bool Next(Chunk&) override {
    ShuffleWriter writer(static_cast<uint32_t>(env_.output_partitions), sink_,
                         static_cast<uint64_t>(env_.partition) * 0x9e3779b97f4a7c15);
    Encoder scratch;
    Chunk in;
    while (Pull(in)) {
      ForEachEncodedRow(type_, in, scratch, [&writer](std::string_view row) { writer.AppendRow(row); });
    }
    ThrowIfError(writer.Finish());
    return false;
  }

 private:
  const RowType& type_;
  SliceSink* const sink_;
};

class DecodeKernel : public ChunkStream {
 public:
  explicit DecodeKernel(KernelArgs& args)
      : operation_(args.operation), slices_(std::move(args.slices)), out_(*args.rows, args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    while (decoder_.empty()) {
      if (!slices_->Next(slice_)) return false;
      decoder_ = Decoder(slice_.view);
    }
    if (!out_.Decode(decoder_)) ThrowCorruptRows(operation_);
    out = out_.chunk();
    return true;
  }

 private:
  const char* const operation_;
  const std::unique_ptr<SliceStream> slices_;
  Bytes slice_;
  Decoder decoder_{{}};
  RowMemory out_;
};

class FormatKernel : public UntypedOperator {
 public:
  FormatKernel(KernelArgs& args, AppendTexts append)
      : UntypedOperator(args, *args.rows), append_(append), texts_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    texts_.Clear();
    Chunk in;
    if (!Pull(in)) return false;
    for (size_t i = 0; i < in.count; ++i) texts_.Emplace();
    append_(in.rows, in.count, texts_.data());
    out = texts_.chunk();
    if (env_.poison) RefuseKeptViews(out, kRowType<std::string>);
    return true;
  }

 private:
  const AppendTexts append_;
  RowBuffer<std::string> texts_;
};

}  // namespace

std::unique_ptr<ChunkStream> MakeEncodeKernel(KernelArgs args) {
  return std::make_unique<EncodeKernel>(args);
}

std::unique_ptr<ChunkStream> MakeDecodeKernel(KernelArgs args) {
  return std::make_unique<DecodeKernel>(args);
}

std::unique_ptr<ChunkStream> MakeDealKernel(KernelArgs args) { return std::make_unique<DealKernel>(args); }

std::unique_ptr<ChunkStream> MakeTextKernel(KernelArgs& args, AppendTexts append) {
  return std::make_unique<FormatKernel>(args, append);
}

}  // namespace millstream::exec
