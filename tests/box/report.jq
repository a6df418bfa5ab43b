# SPDX-License-Identifier: GPL-2.0-or-later
#
# What holds for the report of every run in the box, whatever its end; prints
# what does not. $status is the exit status that was wanted.

if .status != $status then "status \(.status), wanted \($status)"
elif ([.timeline | .opened, .decoded, .loaded, .first_instruction,
	.first_console_byte, .init, .end | values] | . != sort) then
	"the timeline does not rise: \(.timeline)"
elif .timeline | .opened == null or .first_console_byte == null or .end == null
then
	"the timeline has gaps: \(.timeline)"
elif .timeline | .kernel_entry != null and .kernel_entry != .first_instruction
then
	"the kernel was entered, but not first: \(.timeline)"
elif .exits.pio < 100 then "too few exits: \(.exits)"
elif .memory | .touched < 100000 or .touched > .size then
	"memory: \(.memory)"
else empty end
