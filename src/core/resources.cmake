# Compiles the files of configs/ and skills/, the rule books and topics of docs/, and what a report's page is made of
# into the binary, so that nothing needs installed data.
file(GLOB_RECURSE SKILLGRAD_RESOURCE_FILES CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
     ${CMAKE_SOURCE_DIR}/configs/* ${CMAKE_SOURCE_DIR}/skills/* ${CMAKE_SOURCE_DIR}/docs/rules-*.md
     ${CMAKE_SOURCE_DIR}/docs/topics/*.md ${CMAKE_SOURCE_DIR}/src/report/web/*)
list(FILTER SKILLGRAD_RESOURCE_FILES EXCLUDE REGEX "__pycache__|~$")
list(SORT SKILLGRAD_RESOURCE_FILES)
set(SKILLGRAD_RESOURCES_CPP ${CMAKE_BINARY_DIR}/generated/resources_data.cpp)
set(asm "")
set(table "")
set(index 0)
foreach(file IN LISTS SKILLGRAD_RESOURCE_FILES)
  string(APPEND asm
    "asm(\".section .rodata\\n.global sg_res_${index}\\nsg_res_${index}:\\n.incbin \\\"${CMAKE_SOURCE_DIR}/${file}\\\"\\n.global sg_res_${index}_end\\nsg_res_${index}_end:\\n.byte 0\\n.previous\\n\");\nextern \"C\" const char sg_res_${index}[]; extern \"C\" const char sg_res_${index}_end[];\n")
  string(APPEND table "    {\"${file}\", {sg_res_${index}, static_cast<std::size_t>(sg_res_${index}_end - sg_res_${index})}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(GENERATE OUTPUT ${SKILLGRAD_RESOURCES_CPP} CONTENT
"// Generated from configs/, skills/, docs/rules-*.md, docs/topics/ and src/report/web/ by src/core/resources.cmake.
#include <skillgrad/core/resources.hpp>
${asm}
namespace skillgrad {
const std::map<std::string, std::string_view>& resources() {
  static const std::map<std::string, std::string_view> table = {
${table}  };
  return table;
}
}  // namespace skillgrad
")
list(TRANSFORM SKILLGRAD_RESOURCE_FILES PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE SKILLGRAD_RESOURCE_PATHS)
set_source_files_properties(${SKILLGRAD_RESOURCES_CPP} PROPERTIES GENERATED TRUE
                            OBJECT_DEPENDS "${SKILLGRAD_RESOURCE_PATHS}")
