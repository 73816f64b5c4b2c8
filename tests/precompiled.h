// What most tests include, parsed once for all of them: it takes longer than the rest of a test.  A test still includes what it uses.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmake/precompiled.h"
