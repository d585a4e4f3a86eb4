/** Loaded before a program with `--import`: tells the most memory it ever had, in KiB, as the last line on stderr. */
process.on('exit', () => process.stderr.write(`\n${process.resourceUsage().maxRSS}\n`));
