/*
 * The verbs of the command line: one file and one row in main.c's table each. argv[0] is the verb; every
 * verb knows --help. A verb returns the exit status: 0, or what die() and fail() use (2 usage and input, 1
 * failure).
 */
#ifndef MMSIM_CLI_H
#define MMSIM_CLI_H

#define MMSIM_VERSION   "0.1.0"
#define DEFAULT_MACHINE "golden-cove"
#define DEFAULT_KERNEL  "linux-6.x"

struct config;
struct machine_cfg;

/*
 * What -m, -k and -s come to; NULL: the default. A default kernel gives way to what the machine's file says,
 * so that the config.cfg of a run, given with -m, is that run's configuration. die()s if it makes no machine.
 */
struct config *cli_configure(struct machine_cfg *cfg, const char *machine, const char *kernel,
			     const char *const *settings, unsigned n_settings);

/* What --json prints, which is freed; fails if it cannot be written. */
struct json_t;
void cli_print_json(struct json_t *all);

int cmd_compare(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_generate(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_kmem(int argc, char **argv);
int cmd_mrc(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_sweep(int argc, char **argv);

#endif
