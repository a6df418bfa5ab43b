# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads traces of strace -f -Y, prints "ROLE CALL" or "ROLE CALL WORD" for each call
# that a thread with a filter made. A thread has the role of its process's filter,
# and that of its own one, if it has one. The first filter of a trace that is
# named *.test is that of a suite.

BEGIN {
	while ((getline line <lengths) > 0) {
		split(line, part, " ")
		names[part[1]] = names[part[1]] " " part[2]
	}
}

FNR == 1 { split("", process); split("", thread); starter = "" }

# Filters may be equally long: a thread's own is not its first, and a suite's is
# the first of all.
function role_of(len, is_first, is_suite,    list, n, i)
{
	n = split(names[len], list, " ")
	for (i = 1; i <= n; i++)
		if (is_first == (list[i] !~ /^(main|vcpu|work|files)$/) &&
		    is_suite == (list[i] == "suite"))
			return list[i]
	return ""
}

{
	pid = $1
	sub(/<.*/, "", pid)
	text = $0
	sub(/^[0-9]+(<[^>]*>)? +/, "", text)
	if (text ~ /^<\.\.\. /) {
		if (text ~ /^<\.\.\. clone resumed/ &&
		    match(text, /= [0-9]+/))
			inherit(substr(text, RSTART + 2, RLENGTH - 2), pid)
		next
	}
	if (!match(text, /^[a-z0-9_]+\(/))
		next
	call = substr(text, 1, RLENGTH - 1)
	if (!(pid in process) && starter != "")
		inherit(pid, starter)
	if (call == "clone" || call == "vfork") {
		starter = pid
		if (match(text, /= [0-9]+(<|$)/))
			inherit(substr(text, RSTART + 2, RLENGTH - 2) + 0, pid)
	}
	if (process[pid])
		note(process[pid])
	if (thread[pid])
		note(thread[pid])
	if (call == "seccomp" && match(text, /len=[0-9]+/)) {
		len = substr(text, RSTART + 4, RLENGTH - 4)
		role = role_of(len, !process[pid] || process[pid] == "suite",
			       !process[pid] && FILENAME ~ /\.test$/)
		if (role ~ /^(main|vcpu|work|files)$/)
			thread[pid] = role
		else if (role)
			process[pid] = role
	}
	if (call == "execve")
		thread[pid] = ""
}

function inherit(child, parent)
{
	if (child in process)
		return
	process[child] = process[parent]
	thread[child] = thread[parent]
}

function note(role)
{
	word = ""
	if (call == "ioctl" || call == "fcntl" || call == "prctl" ||
	    call == "socket") {
		word = text
		sub(/^[a-z0-9_]+\(/, "", word)
		if (call == "ioctl" || call == "fcntl")
			sub(/^[^,]*, /, "", word)
		sub(/[,) ].*/, "", word)
		if (call == "ioctl" && text ~ / or /) {
			word = text
			sub(/.* or /, "", word)
			sub(/[,) ].*/, "", word)
		}
	}
	print role, call (word ? " " word : "")
}
