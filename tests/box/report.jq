# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks that relate several values of a report, for every run in the box;
# prints those that fail. $name is the case's name.

if ([.timeline | .opened, .decoded, .loaded, .first_instruction,
	.first_console_byte, .init, .end | values] | . != sort) then
	"the timeline does not rise: \(.timeline)"
elif .timeline.opened == null or .timeline.end == null or
	(.timeline.first_console_byte == null) != (.console.bytes == 0) then
	"the timeline has gaps: \(.timeline)"
elif .timeline | .kernel_entry != null and .kernel_entry != .first_instruction
then
	"the kernel was entered, but not first: \(.timeline)"
elif .exits.pio < 100 then "too few exits: \(.exits)"
elif .memory | .touched < 100000 or .touched > .size then
	"memory: \(.memory)"
elif $name == "idle" and .vcpus[0].symbol != .vcpus[1].symbol then
	"idle CPUs are at different places: \(.vcpus)"
elif $name == "report" and .exits.pio != .vcpus[0].exits.pio then
	"the only CPU has not all exits: \(.vcpus)"
elif $name == "report" and (.timeline.init <= .timeline.first_console_byte or
	.exits.pio <= 1000 or .memory.touched <= 50000000) then
	"too little: \(.timeline), \(.exits), \(.memory)"
else empty end
