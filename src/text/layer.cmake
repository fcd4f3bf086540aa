# The word lists become part of the program. The VADER lexicon is data of an npm package (vader-sentiment 1.1.3, Apache-2.0)
# that script/bootstrap unpacks; our own lists are in data/lexicon.
set(vader_lexicon ${AYBIZA_DEPS}/vader/vader_lexicon.txt)
set(vader_sha256 ffb6117bfccf798a34e91d72f50604329946e6fd763668092618d5c5b340a298)
if(NOT EXISTS ${vader_lexicon})
  message(FATAL_ERROR "${vader_lexicon} is missing: run script/bootstrap first")
endif()
file(SHA256 ${vader_lexicon} vader_found)
if(NOT vader_found STREQUAL vader_sha256)
  message(FATAL_ERROR "${vader_lexicon} is not the file of vader-sentiment 1.1.3: delete it and run script/bootstrap")
endif()
set(own_lexicon ${CMAKE_SOURCE_DIR}/data/lexicon)
set_source_files_properties(${dir}/embedded.cc PROPERTIES
  COMPILE_DEFINITIONS "AYBIZA_VADER_LEXICON=\"${vader_lexicon}\";AYBIZA_LEXICON=\"${own_lexicon}\""
  OBJECT_DEPENDS "${vader_lexicon};${own_lexicon}/sentiment.txt;${own_lexicon}/modifiers.txt;${own_lexicon}/emotions.txt;${own_lexicon}/topics.txt;${own_lexicon}/intents.txt")
