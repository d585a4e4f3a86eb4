/** For `--import`: prints the maximum memory of the program in KiB as the last line of stderr. */
process.on('exit', () => process.stderr.write(`\n${process.resourceUsage().maxRSS}\n`));
