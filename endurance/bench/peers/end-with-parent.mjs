/** Loaded into Pepr's controller and the module it forks: the fork ends when the controller does, whatever ended that. */
if (process.send !== undefined) process.on('disconnect', () => process.exit());
