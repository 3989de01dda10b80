#include <gtest/gtest.h>
#include <millstream/exec/schema.h>

#include <deque>
#include <set>
#include <tuple>
#include <unordered_map>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {

template <class T>
struct Boxed {
  T content;
};

namespace {

struct Hidden {
  bool flag;
};

TEST(SchemaText, NamesTypes) {
  EXPECT_EQ(SchemaText<int64_t>(), "int64");
  EXPECT_EQ(SchemaText<uint8_t>(), "uint8");
  EXPECT_EQ(SchemaText<char>(), "char");
  EXPECT_EQ(SchemaText<bool>(), "bool");
  EXPECT_EQ(SchemaText<double>(), "double");
  EXPECT_EQ(SchemaText<float>(), "float");
  EXPECT_EQ(SchemaText<Color>(), "enum<Color,int16>");
  EXPECT_EQ((SchemaText<std::pair<std::string, int64_t>>()), "pair<first:string,second:int64>");
  EXPECT_EQ((SchemaText<std::tuple<int, std::string>>()), "tuple<int32,string>");
  EXPECT_EQ((SchemaText<std::variant<int, std::optional<bool>>>()), "variant<int32,optional<bool>>");
  EXPECT_EQ((SchemaText<std::array<int, 3>>()), "array<int32,3>");
  EXPECT_EQ((SchemaText<std::map<std::string, std::set<int>>>()), "map<string,set<int32>>");
  EXPECT_EQ(SchemaText<Money>(), "Money");
  EXPECT_EQ(SchemaText<Message>(), "Message");
}

TEST(SchemaText, NamesFieldsInOrder) {
  EXPECT_EQ(SchemaText<Order>(),
            "Order{id:int64,items:list<string>,place:Point{x:double,y:double},code:array<char,4>,"
            "color:optional<enum<Color,int16>>}");
  EXPECT_EQ(SchemaText<SumFirst>(), "SumFirst{sum:int64,count:int64}");
  EXPECT_EQ(SchemaText<CountFirst>(), "CountFirst{count:int64,sum:int64}");
  EXPECT_EQ(SchemaText<Hidden>(), "Hidden{flag:bool}");
  EXPECT_EQ(SchemaText<Boxed<std::string>>(), "Boxed{content:string}");
  struct Local {
    int n;
  };
  EXPECT_EQ(SchemaText<Local>(), "Local{n:int32}");
}

TEST(SchemaText, EndsForRecursiveTypes) {
  EXPECT_EQ(SchemaText<Tree>(), "Tree{value:int32,children:list<Tree>}");
  EXPECT_EQ((SchemaText<std::pair<Point, Point>>()),
            "pair<first:Point{x:double,y:double},second:Point{x:double,y:double}>");
}

TEST(SchemaText, DoesNotDependOnHowValuesAreHeld) {
  EXPECT_EQ(SchemaText<std::string_view>(), SchemaText<std::string>());
  EXPECT_EQ((SchemaText<std::map<std::string, int>>()),
            (SchemaText<std::unordered_map<std::string_view, int>>()));
  EXPECT_EQ(SchemaText<std::vector<int>>(), SchemaText<std::deque<int>>());
}

TEST(SchemaText, IsAlsoReachedThroughTheCodec) {
  SchemaWriter writer;
  Codec<Point>::AppendSchema(writer);
  EXPECT_EQ(writer.Take(), "Point{x:double,y:double}");
}

}  // namespace
}  // namespace millstream::exec::test
