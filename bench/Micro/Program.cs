using BenchmarkDotNet.Running;
using FastStream.Bench.Micro;

if (args is ["gate", ..])
{
    return AllocationGate.Run(filter: args.Length > 1 ? args[1] : "");
}

BenchmarkSwitcher.FromAssembly(typeof(AllocationGate).Assembly).Run(args, new MicroConfig());
return 0;
