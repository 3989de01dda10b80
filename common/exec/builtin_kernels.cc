#include <fcntl.h>
#include <millstream/exec/builtin_kernels.h>
#include <millstream/exec/operator.h>
#include <millstream/exec/split.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millstream::exec {
namespace {

template <class Kernel>
std::unique_ptr<ChunkStream> Make(KernelArgs args) {
  return std::make_unique<Kernel>(std::move(args));
}

template <class T>
T Field(Decoder& decoder, const char* operation) {
  T value{};
  if (!decoder.GetFixed(&value, sizeof(value)))
    throw TaskError(absl::DataLossError(std::string(operation) + ": bad state"));
  return value;
}

class Concat : public ChunkStream {
 public:
  explicit Concat(KernelArgs args) : inputs_(std::move(args.inputs)) {}

  bool Next(Chunk& out) override {
    for (; next_ < inputs_.size(); ++next_) {
      if (inputs_[next_]->Next(out)) return true;
      inputs_[next_].reset();
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<ChunkStream>> inputs_;
  size_t next_ = 0;
};

class Count : public ChunkStream {
 public:
  explicit Count(KernelArgs args) : input_(std::move(args.inputs.at(0))) {}

  bool Next(Chunk& out) override {
    if (done_) return false;
    done_ = true;
    Chunk in;
    while (input_->Next(in)) count_ += static_cast<int64_t>(in.count);
    out = {&count_, 1};
    return true;
  }

 private:
  std::unique_ptr<ChunkStream> input_;
  int64_t count_ = 0;
  bool done_ = false;
};

class Limit : public ChunkStream {
 public:
  explicit Limit(KernelArgs args) : input_(std::move(args.inputs.at(0))) {
    Decoder decoder(args.state);
    if (!decoder.GetVarint(left_)) throw TaskError(absl::DataLossError("limit: bad state"));
  }

  bool Next(Chunk& out) override {
    if (left_ == 0 || !input_->Next(out)) return false;
    out.count = std::min<size_t>(out.count, left_);
    left_ -= out.count;
    return true;
  }

 private:
  std::unique_ptr<ChunkStream> input_;
  uint64_t left_ = 0;
};

class Empty : public ChunkStream {
 public:
  explicit Empty(KernelArgs) {}
  bool Next(Chunk&) override { return false; }
};

class Range : public ChunkStream {
 public:
  explicit Range(KernelArgs args) : out_(args.env->chunk_rows) {
    Decoder decoder(args.state);
    const auto first = Field<int64_t>(decoder, args.operation);
    step_ = Field<int64_t>(decoder, args.operation);
    const auto count = static_cast<unsigned __int128>(Field<uint64_t>(decoder, args.operation));
    const auto partition = static_cast<uint64_t>(args.partition);
    const auto partitions = static_cast<uint64_t>(args.partitions);
    const auto begin = static_cast<uint64_t>(count * partition / partitions);
    left_ = static_cast<uint64_t>(count * (partition + 1) / partitions) - begin;
    value_ = static_cast<uint64_t>(first) + begin * static_cast<uint64_t>(step_);
  }

  bool Next(Chunk& out) override {
    if (left_ == 0) return false;
    const size_t count = std::min<uint64_t>(left_, out_.capacity());
    for (size_t i = 0; i < count; ++i) {
      out_.data()[i] = static_cast<int64_t>(value_);
      value_ += static_cast<uint64_t>(step_);
    }
    left_ -= count;
    out = {out_.data(), count};
    return true;
  }

 private:
  RowBuffer<int64_t> out_;
  uint64_t value_ = 0;
  int64_t step_ = 0;
  uint64_t left_ = 0;
};

class SplitLines : public ChunkStream {
 public:
  explicit SplitLines(KernelArgs args) : slices_(std::move(args.slices)), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    for (;;) {
      const size_t count = SplitLinesInto(slice_.view, position_, out_.data(), out_.capacity());
      if (count > 0) {
        out = {out_.data(), count};
        return true;
      }
      if (!slices_->Next(slice_)) return false;
      position_ = 0;
    }
  }

 private:
  std::unique_ptr<SliceStream> slices_;
  Bytes slice_;
  size_t position_ = 0;
  RowBuffer<std::string_view> out_;
};

// Reads whole lines of one range of a file: those that begin in it, the first of them after a line end unless
// the range starts the file.
class LineRange {
 public:
  LineRange(std::string path, uint64_t offset, uint64_t length)
      : path_(std::move(path)), fd_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) Fail("cannot open");
    // From one byte before the range, so that a line which begins exactly at its start is seen to begin
    // there.
    at_ = offset > 0 ? offset - 1 : 0;
    end_ = offset + length;
    skip_first_ = offset > 0;
  }
  ~LineRange() { close(fd_); }
  LineRange(const LineRange&) = delete;
  LineRange& operator=(const LineRange&) = delete;

  // The next run of whole lines; false at the end of the range. Valid until the next call.
  bool Next(std::string_view& text) {
    while (!done_) {
      const size_t got = Fill();
      std::string_view whole(buffer_.data(), used_);
      if (got == 0) {
        done_ = true;
      } else {
        const size_t last = whole.substr(used_ - got).rfind('\n');
        if (last == std::string_view::npos) continue;
        whole = whole.substr(0, used_ - got + last + 1);
      }
      consumed_ = whole.size();
      const uint64_t begin = at_ - used_;
      if (skip_first_) {
        const size_t first = whole.find('\n');
        if (first == std::string_view::npos) return false;
        whole.remove_prefix(first + 1);
        skip_first_ = false;
      }
      Cut(begin + static_cast<uint64_t>(whole.data() - buffer_.data()), whole);
      if (!whole.empty()) {
        text = whole;
        return true;
      }
    }
    return false;
  }

 private:
  // Drops the lines that begin at or after the end of the range.
  void Cut(uint64_t begin, std::string_view& whole) {
    if (begin >= end_) {
      done_ = true;
      whole = {};
    } else if (begin + whole.size() > end_) {
      done_ = true;
      const size_t last = whole.find('\n', end_ - begin - 1);
      if (last != std::string_view::npos) whole = whole.substr(0, last + 1);
    }
  }

  size_t Fill() {
    constexpr size_t kRead = size_t{256} << 10;
    buffer_.erase(0, consumed_);
    used_ -= consumed_;
    consumed_ = 0;
    buffer_.resize(used_ + kRead);
    ssize_t got;
    do {
      got = pread(fd_, buffer_.data() + used_, kRead, static_cast<off_t>(at_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) Fail("cannot read");
    used_ += static_cast<size_t>(got);
    at_ += static_cast<uint64_t>(got);
    buffer_.resize(used_);
    return static_cast<size_t>(got);
  }

  [[noreturn]] void Fail(const char* what) {
    throw TaskError(absl::UnavailableError("TextFile " + path_ + ": " + what + ": " + std::strerror(errno)));
  }

  const std::string path_;
  const int fd_;
  std::string buffer_;
  size_t used_ = 0;      // bytes in the buffer, the last of them at at_ - 1 of the file
  size_t consumed_ = 0;  // of them, handed out
  uint64_t at_ = 0;
  uint64_t end_ = 0;
  bool skip_first_ = false;
  bool done_ = false;
};

class TextFile : public ChunkStream {
 public:
  explicit TextFile(KernelArgs args) : ranges_(args.state), out_(args.env->chunk_rows) {
    const uint64_t partitions = Varint();
    for (uint64_t p = 0; p < partitions; ++p) {
      left_ = Varint();
      if (p == static_cast<uint64_t>(args.partition)) return;
      for (; left_ > 0; --left_) NextRange();
    }
    left_ = 0;
  }

  bool Next(Chunk& out) override {
    for (;;) {
      const size_t count = SplitLinesInto(text_, position_, out_.data(), out_.capacity());
      if (count > 0) {
        out = {out_.data(), count};
        return true;
      }
      position_ = 0;
      text_ = {};
      while (range_ == nullptr || !range_->Next(text_)) {
        if (left_ == 0) return false;
        --left_;
        const Piece piece = NextRange();
        range_ = std::make_unique<LineRange>(std::string(piece.path), piece.offset, piece.length);
      }
    }
  }

 private:
  struct Piece {
    std::string_view path;
    uint64_t offset;
    uint64_t length;
  };

  uint64_t Varint() {
    uint64_t value;
    if (!ranges_.GetVarint(value)) throw TaskError(absl::DataLossError("TextFile: bad state"));
    return value;
  }
  Piece NextRange() {
    Piece piece{};
    if (!ranges_.GetText(piece.path)) throw TaskError(absl::DataLossError("TextFile: bad state"));
    piece.offset = Varint();
    piece.length = Varint();
    return piece;
  }

  Decoder ranges_;
  RowBuffer<std::string_view> out_;
  uint64_t left_ = 0;
  std::unique_ptr<LineRange> range_;
  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

constinit const KernelDescriptor kConcatKernel{
    .make = &Make<Concat>, .builtin = "concat", .builtin_version = 1};
constinit const KernelDescriptor kCountKernel{.make = &Make<Count>,
                                              .output_signature = SignatureOf<int64_t>(),
                                              .builtin = "count",
                                              .builtin_version = 1};
constinit const KernelDescriptor kLimitKernel{.make = &Make<Limit>, .builtin = "limit", .builtin_version = 1};
constinit const KernelDescriptor kEmptyKernel{.make = &Make<Empty>, .builtin = "empty", .builtin_version = 1};
constinit const KernelDescriptor kRangeKernel{.make = &Make<Range>,
                                              .output_signature = SignatureOf<int64_t>(),
                                              .builtin = "range",
                                              .builtin_version = 1};
constinit const KernelDescriptor kSplitLinesKernel{.make = &Make<SplitLines>,
                                                   .output_signature = SignatureOf<std::string_view>(),
                                                   .builtin = "split_lines",
                                                   .builtin_version = 1};
constinit const KernelDescriptor kTextFileKernel{.make = &Make<TextFile>,
                                                 .output_signature = SignatureOf<std::string_view>(),
                                                 .builtin = "text_file",
                                                 .builtin_version = 1};

}  // namespace millstream::exec
