// SPDX-License-Identifier: MIT
// What of a reply's text is thinking (R2.6).
#include "llm/text/think.hpp"

#include <gtest/gtest.h>

#include "llm/reply/reply.hpp"

namespace skillgrad::llm {
namespace {

struct ThinkCase {
  const char *content, *visible, *reasoning;
};

void expect_all(const std::vector<ThinkCase>& cases) {
  for (const ThinkCase& c : cases) {
    const ThinkSplit split = split_think(c.content);
    EXPECT_EQ(split.visible, c.visible) << c.content;
    EXPECT_EQ(split.reasoning, c.reasoning) << c.content;
  }
}

TEST(Think, TagsAreTakenOutWhereverTheyStand) {
  expect_all({{"Sure. <think>a</think>\n4", "Sure. \n4", "a"},
              {"- <think>a</think>4", "- 4", "a"},
              {"x</think><think>y</think>4", "4", "x\ny"},
              {"a</think>b</think>4", "4", "a</think>b"},
              {"hm<think>q</think></think>4", "4", "hm<think>q</think>"},
              {"<think>a<think>b</think>c</think>4", "4", "a<think>b</think>c"},
              {"<think>the <think> tag</think>4", "4", "the <think> tag"},
              {"<think>\n</think>\n\n<think>b</think>4", "4", "b"},
              {"<THINK>a</Think>4", "4", "a"},
              {"<thinking>a</thinking>4", "4", "a"},
              {"<think>closed by `</think>` later</think>4", "4", "closed by `</think>` later"}});
}

TEST(Think, EveryModelsMarksAreKnown) {
  expect_all({{"[THINK]a[/THINK]4", "4", "a"},
              {"a[/THINK]4", "4", "a"},
              {"<seed:think>a</seed:think>4", "4", "a"},
              {"\xE2\x97\x81think\xE2\x96\xB7"
               "a\xE2\x97\x81/think\xE2\x96\xB7"
               "4",
               "4", "a"},
              {"<|begin_of_thought|>a<|end_of_thought|>4", "4", "a"},
              {"<|START_THINKING|>a<|END_THINKING|>4", "4", "a"},
              {"<|inner_prefix|>a<|inner_suffix|>4", "4", "a"},
              {"<|open|>think<|sep|>a<|close|>think<|sep|>4", "4", "a"},
              {"[THINK]never closed", "", "never closed"},
              {"[THINK]a</think>b[/THINK]4", "4", "a</think>b"},
              {"<|channel>thought\na<channel|>4", "4", "a"},
              {"a<channel|>4", "4", "a"},
              {"[unused16]a[unused17]4", "4", "a"},
              {"use `[THINK]` here", "use `[THINK]` here", ""},
              {"[1] and [THINKING] stay", "[1] and [THINKING] stay", ""}});
}

TEST(Think, AMarkOfThinkingInAnyShapeBeginsAReply) {
  for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{
           {"<thought>", "</thought>"},
           {"<thoughts>", "</thoughts>"},
           {"<reasoning>", "</reasoning>"},
           {"<Reflection>", "</reflection>"},
           {"<scratchpad>", "</scratchpad>"},
           {"<redacted_thinking>", "</redacted_thinking>"},
           {"<mm:think>", "</mm:think>"},
           {"<thinking>", "</" + std::string("antml:thinking>")},
           {"<think duration=\"3\">", "</think>"},
           {"<|think|>", "<|/think|>"},
           {"<|think|>", "</think>"},
           {"<|think>", "<think|>"},
           {"<\xEF\xBD\x9Cthink\xEF\xBD\x9C>", "<\xEF\xBD\x9C/think\xEF\xBD\x9C>"},
           {"<|begin_think|>", "<|end_think|>"},
           {"<|thought_start|>", "<|thought_end|>"},
           {"<|assistant|>\n<|begin_of_reasoning|>", "<|end_of_reasoning|>"},
           {"[REASONING]", "[/REASONING]"},
           {"Here is my thought process:", "\nHere is my response:"},
           {"Here's my thought process:", "\nHere's my response:"}}) {
    expect_all({{(open + "a\nb" + close + "\n4").c_str(), "4", "a\nb"}});
  }
  expect_all(
      {{"<thought>a</thought>\n<reflection>b</reflection>4", "4", "a\nb"},
       {"<thought>a</thought><think>b</think>4", "4", "a\nb"},
       {"<thought>closed by `</thought>` later</thought>4", "4", "closed by `</thought>` later"},
       {"<thought>a<br>[/thought]</thought>4", "4", "a<br>[/thought]"},
       {"<|think|>never closed", "", "never closed"}});
}

TEST(Think, ElsewhereAndWithoutItsCloseSuchAMarkIsText) {
  for (const char* text :
       {"4 <thought>a</thought>", "4\n<reasoning>a</reasoning>", "<thought> is a mark",
        "<reasoning>never closed", "`<thought>a</thought>`", "<thoughtful>a</thoughtful>",
        "<reasoning_effort>high</reasoning_effort>", "[reasoning](link) and [/x]",
        "[thought] that it is 4", "<b:thing>a</b:thing>",
        "Here is my thought process: I add. Here is my response: 4",
        "Here is my thought process:\nI add."}) {
    const ThinkSplit split = split_think(text);
    EXPECT_EQ(split.visible, text);
    EXPECT_EQ(split.reasoning, "");
  }
}

TEST(Think, WhatOnlyATemplatePutsInFrontDoesNotCount) {
  expect_all({{"\xEF\xBB\xBF<think>a</think>4", "4", "a"},
              {"\xE2\x80\x8B<think>a</think>4", "4", "a"},
              {"<|assistant|><think>a</think>4", "4", "a"},
              {"\n<|im_start|> \xEF\xBB\xBF<think>never closed", "", "never closed"},
              {"<think>a</think>\n<think>never closed", "", "a\nnever closed"},
              {"Sure.\n<think>never closed", "Sure.", "never closed"}});
}

TEST(Think, TextAboutTheTagStays) {
  for (const char* text :
       {"use the <think> tag", "use `<think>` here", "`</think>` closes a block. 4",
        "`<think>` and `</think>` are tags", "```\n<think>x</think>\n```\n4",
        "write\n  ```xml\n  <think>\n  x\n  </think>\n  ```\nthere", "a <thinker> b</thinker>",
        "plain", ""}) {
    const ThinkSplit split = split_think(text);
    EXPECT_EQ(split.visible, text);
    EXPECT_EQ(split.reasoning, "");
  }
  EXPECT_EQ(split_think("it's ` and <think>a</think>4").visible, "it's ` and 4");
  EXPECT_EQ(split_think("```\nopen\n<think>a</think>4").visible, "```\nopen\n4");
}

TEST(Think, BehindAnOpeningTagThatStaysNothingIsCertain) {
  EXPECT_EQ(split_think("use the <think> tag").certain, 8U);
  EXPECT_EQ(split_think(" <think>a</think> use the <think> tag").certain, 8U);
  EXPECT_EQ(split_think("plain").certain, std::string::npos);
}

TEST(Think, EndTokensAreTakenOff) {
  EXPECT_EQ(without_end_tokens("4<|eom_id|>"), "4");
  EXPECT_EQ(without_end_tokens("4<\xEF\xBD\x9C"
                               "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C> \n<|im_end|>\n"),
            "4");
  EXPECT_EQ(without_end_tokens("<|START_RESPONSE|>4<|END_RESPONSE|>"), "4");
  EXPECT_EQ(without_end_tokens("4<end_of_turn>\n</s>"), "4");
  for (const char* text : {"", "4\n", "<|im_end|> ends a turn", "a|>"}) {
    EXPECT_EQ(without_end_tokens(text), text);
  }
}

/// Each of these would keep a scan that begins anew at each tag busy for hours.
TEST(Think, HostileTextsTakeNoMoreThanOnePass) {
#if defined(SKILLGRAD_SANITIZED)
  constexpr std::size_t kTimes = 10'000;
#else
  constexpr std::size_t kTimes = 100'000;
#endif
  for (const std::string piece :
       {"<think>", "x<think>", "</think>", "`", "``` ", "\n```\n", "` `` ", "<", " \n <think>x",
        "<|a|>", "<|im_end|>", "<thought>", "<thought></thought>", "<|think|>", "[thought]",
        "<think a=", "<|channel>thought",
        "\nHere is my thought process:", "<thought>`</thought>`"}) {
    std::string text;
    for (std::size_t i = 0; i < kTimes; ++i) text += piece;
    EXPECT_LE(split_think(text).visible.size(), text.size());
    EXPECT_LE(split_think("<thought>" + text).visible.size(), text.size() + 9);
    EXPECT_LE(split_think("a <think>" + text).visible.size(), text.size() + 9);
    EXPECT_LE(without_end_tokens(text).size(), text.size());
  }
}

}  // namespace
}  // namespace skillgrad::llm
