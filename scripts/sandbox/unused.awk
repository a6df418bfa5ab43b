# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -f unused.awk USED RULES: the entries of rules.h that are not in USED, a line
# for each rule with the roles that did not need it.

NR == FNR { used[$0]; used[$1 " " $2]; next }

/^#define [A-Z]+[ \t]/ {
	name = $2
	value = $0
	sub(/\/\*.*/, "", value)
	sub(/^#define [A-Z]+[ \t]*/, "", value)
	roles[name] = value ~ /^0x/ ? tolower(name) : expand(value)
	next
}

# The names of single roles in an expression.
function expand(text,    list, n, i, all)
{
	gsub(/[()|]/, " ", text)
	n = split(text, list, " ")
	for (i = 1; i <= n; i++)
		all = all " " roles[list[i]]
	return all
}

/^(RULE|RULE_BITS|IOCTL)\(/ {
	line = $0
	kind = line
	sub(/\(.*/, "", kind)
	sub(/^[A-Z_]+\(/, "", line)
	n = split(line, part, ", *")
	call = part[1]
	sub(/\).*/, "", part[2])
	word = ""
	if (kind == "IOCTL") {
		word = call
		call = "ioctl"
	} else if (kind == "RULE_BITS" && call ~ /^(fcntl|prctl|socket)$/) {
		word = part[5]
		sub(/\).*/, "", word)
	}
	n = split(expand(part[2]), list, " ")
	missing = ""
	for (i = 1; i <= n; i++)
		if (!((list[i] " " call (word ? " " word : "")) in used))
			missing = missing " " list[i]
	if (missing)
		printf "%s%s:%s%s\n", call, word ? " " word : "", missing,
			split(missing, x, " ") == n ? " (all)" : ""
}
