#!/bin/sh
# Makes the recordings of this directory again, in a directory that is named: record.sh DIR. They will not be the
# same to the byte: addresses, libraries and the interleaving of threads differ from run to run.
root=$(cd "$(dirname "$0")/../.." && pwd)
mmsim=${MMSIM:-$root/mmsim}
mkdir -p "${1:?usage: record.sh DIR}" && cd "$1" || exit 1
export LC_ALL=C

record()
{
	name=$1
	shift
	$mmsim record -o "$name.mmtrace" -- "$@" >"$name.out" && gzip -9nf "$name.mmtrace"
}

awk 'BEGIN {
	for (i = 0; i < 12000; i++)
		printf "%06d item %d of the list, %d\n", (i * 7919) % 1000003, i, i % 97
}' >text
cat >fill.sql <<'END'
create table t(id integer primary key, name text, n integer);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 700)
	insert into t select i, 'name ' || (i * 7919 % 10007), i * 31 % 977 from c;
create index byname on t(name);
select n % 10, count(*), max(name) from t group by n % 10 order by 2 desc;
select count(*) from t a join t b on a.name = b.name and a.id < b.id;
END
cat >words.pl <<'END'
my (%n, $s);
open(my $f, '<', 'text') or die;
while (<$f>) { $n{$_}++ for split; $s += /(\d+) of/ ? $1 : 0; last if $. > 99 }
print scalar(keys %n), " $s\n";
print join(' ', (sort { $n{$b} <=> $n{$a} || $a cmp $b } keys %n)[0 .. 9]), "\n";
END
cc -O1 -D_GNU_SOURCE -pthread -o threads "$root/tests/record/threads.c" || exit 1

record sort sort --parallel=1 text
record sqlite sqlite3 :memory: '.read fill.sql'
record perl perl words.pl
record threads ./threads 400
record pipe sh -c 'seq 1 1000 | sort -rn | awk "{ s += \$1 } END { print s }"'
