#pragma once

// Reading and writing MRC2014 images and stacks.
#include "core/io/mrc_header.h"
#include "core/io/mrc_reader.h"
#include "core/io/mrc_writer.h"
