/** For `--import`: prints the program's peak memory in KiB as the last line of stderr. */
process.on('exit', () => process.stderr.write(`\n${process.resourceUsage().maxRSS}\n`));
