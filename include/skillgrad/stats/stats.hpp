// SPDX-License-Identifier: MIT
#pragma once

// All of the room; take the header of the subject where one will do.
#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/evidence.hpp>
#include <skillgrad/stats/intervals.hpp>
#include <skillgrad/stats/multiple.hpp>
#include <skillgrad/stats/paired.hpp>
#include <skillgrad/stats/passes.hpp>
#include <skillgrad/stats/planning.hpp>
#include <skillgrad/stats/sequential.hpp>
