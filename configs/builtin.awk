# Turns configuration files into the C table builtin_files[] of model/sim/config.h: awk -f builtin.awk FILE...
BEGIN {
	print "#include \"model/sim/config.h\"\n"
	print "const struct builtin_file builtin_files[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/^configs\//, "", name)
	printf "%s\t{ \"%s\",", (NR == 1 ? "" : " },\n"), name
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\n\t  \"%s\\n\"", $0
}
END {
	print (NR ? " },\n" : "") "\t{ NULL, NULL },\n};"
}
