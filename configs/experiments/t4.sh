#!/bin/sh
# T3 to T6: what processes that fork, execute and end pay for their reverse mapping, without memory pressure.
#
# T3 and T4: M. Bligh on a NUMA-Q of 16 processors, kernbench (system time) with 2.5.61 (7490000.1045715152) and 2.6.5-rc1
# (24560000.1080143798): `mmsim generate forks --work kernbench` 32 times side by side, JOBS32 (2) objects each, for make -j2N,
# 256 times JOBS256 (1) for -j16N, on numaq with 2.6.5, PAE; make, sh, gcc, cc1, as, fixdep and mv as traces/generate/images.c
# has them. Measured from the first make's start to the end of all.
# T5: H. Dickins, lmbench (0303241731540), objrmap with and without anonmm, on two Pentium 4 at 1.8 GHz (HIGHMEM4G; their second
# threads are left out) and two Pentium III at 794 MHz (HIGHMEM64G and HIGHPTE), mem=512M: lat_proc's fork and exec, 20 times. T6: C. Kulesa (0206200554590), pte_chain over none on a Pentium II at
# 333 MHz with 192 MB: fork, and the objects of make.
#
#   configs/experiments/t4.sh
set -e
cd "$(dirname "$0")/../.."
name=t4
. configs/experiments/published.sh

# together N RUN RECORDING OPTION...: N of it, which nothing but the machine keeps in step.
together()
{
	n=$1
	run=$2
	recording=$3
	shift 3
	# shellcheck disable=SC2046 # words
	point "$run" $(yes "$out/$recording.pcap" | head -n "$n") --from work "$@"
}

# part RUN RECORDING OPTION...: one of it, measured between its marks.
part()
{
	together 1 "$@" --to end
}

# scheme NAME: the options that make it.
scheme()
{
	case $1 in
	objrmap | anonmm) echo -s kernel.rmap=$1 -s kernel.rmap_file=list ;;
	anon_vma) echo -s kernel.rmap=$1 -s kernel.rmap_file=list ;;
	*) echo -s kernel.rmap=$1 ;;
	esac
}

"$mmsim" generate forks --work kernbench --tasks 1 --iterations "${JOBS32:-2}" -o "$out/j2n.pcap"
"$mmsim" generate forks --work kernbench --tasks 1 --iterations "${JOBS256:-1}" -o "$out/j16n.pcap"
for load in 256.j16n 32.j2n; do
	recording=${load#*.}
	for scheme in pte_chain objrmap anonmm anon_vma; do
		# shellcheck disable=SC2046 # words
		together ${load%.*} $recording.$scheme $recording -m numaq -k linux-2.6.5-i386 -s kernel.layout=i386-pae -s memory.size=16G -s kernel.page_cache=warm \
			$(scheme $scheme)
	done
done
for work in fork exec; do
	"$mmsim" generate forks --work $work --tasks 1 --iterations 20 -o "$out/$work.pcap"
	for scheme in objrmap anonmm; do
		# shellcheck disable=SC2046 # words
		{
			part $work.p4.$scheme $work -m pentium4 -s core.frequency=1.8GHz -s cores=2 -s memory.size=512M \
				-k linux-2.5.66-i386 $(scheme $scheme)
			part $work.p3.$scheme $work -m pentium3 -s core.frequency=794MHz -s cores=2 -s memory.size=512M \
				-k linux-2.5.66-i386 -s kernel.layout=i386-pae -s kernel.highpte=yes $(scheme $scheme)
		}
	done
done
"$mmsim" generate forks --work kernbench --tasks 2 --iterations 10 -o "$out/make.pcap"
for work in fork exec make; do
	for scheme in none pte_chain; do
		part $work.p2.$scheme $work -m pentium2 -s core.frequency=333MHz -s memory.size=192M -k linux-2.4-i386 \
			-s kernel.rmap=$scheme
	done
done
points_run

# system RUN: seconds.
system()
{
	seconds "$1" "$SYSTEM"
}

# beside RECORDING SCHEME SCHEME: system time.
beside()
{
	calc %.3f "$(system "$1.$2") / $(system "$1.$3")"
}

table "T4: kernbench on 16 processors, system time over that of pte_chain"
order "-j2N: pte_chain, objrmap, anonmm, anon_vma" "102.49 85.75 83.85 83.69" \
	"$(for s in pte_chain objrmap anonmm anon_vma; do system j2n.$s; echo; done | tr '\n' ' ')"
ratio "-j2N, partial objrmap" 0.837 "$(beside j2n objrmap pte_chain)"
ratio "-j2N, anonmm" 0.818 "$(beside j2n anonmm pte_chain)"
ratio "-j2N, anon_vma" 0.817 "$(beside j2n anon_vma pte_chain)"
ratio "-j16N, partial objrmap" 0.797 "$(beside j16n objrmap pte_chain)"
ratio "-j16N, anonmm" 0.783 "$(beside j16n anonmm pte_chain)"
ratio "-j16N, anon_vma" 0.789 "$(beside j16n anon_vma pte_chain)"

table "T3: the same with 2.5.61, objrmap over pte_chain"
ratio "-j2N, system" 0.872 "$(beside j2n objrmap pte_chain)"
ratio "-j16N, system" 0.873 "$(beside j16n objrmap pte_chain)"

# all RECORDING.MACHINE.SCHEME: cycles of everything, the program's too.
all()
{
	calc %.0f "$(cycles "$1" "$USER") + $(cycles "$1" "$SYSTEM")"
}

table "T5: lmbench's lat_proc, objrmap with anonmm over without: time of one"
ratio "fork, Pentium 4" 0.928 "$(calc %.3f "$(all fork.p4.anonmm) / $(all fork.p4.objrmap)")"
ratio "exec, Pentium 4" 0.951 "$(calc %.3f "$(all exec.p4.anonmm) / $(all exec.p4.objrmap)")"
ratio "fork, Pentium III" 0.866 "$(calc %.3f "$(all fork.p3.anonmm) / $(all fork.p3.objrmap)")"
ratio "exec, Pentium III" 0.919 "$(calc %.3f "$(all exec.p3.anonmm) / $(all exec.p3.objrmap)")"

table "T6: early pte_chain over none"
# Published as 2 to 3 %: half of the one, twice the other.
between "forks (10,000 of a forkbomb)" 1.02..1.03 1.01 1.06 "$(calc %.3f "$(all fork.p2.pte_chain) / $(all fork.p2.none)")"
shown "fork and exec (\"fork heavy\")" 1.09..1.11 "$(calc %.3f "$(all exec.p2.pte_chain) / $(all exec.p2.none)")"
ratio "make -j2, system" 1.05 "$(beside make.p2 pte_chain none)"
finish
