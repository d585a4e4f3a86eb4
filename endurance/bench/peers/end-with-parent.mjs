/** Loaded into Pepr's controller and the module that it forks: the module ends when the controller ends. */
if (process.send !== undefined) process.on('disconnect', () => process.exit());
