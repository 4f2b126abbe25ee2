using FastStream.Cli;

return await FastStreamTool.RunAsync(args, CommandOutput.OfProcess(), CancellationToken.None);
