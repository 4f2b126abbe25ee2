using FastStream;

namespace LogMonitor;

/// <summary>Says on the error output what goes wrong with receivers and batches, apart from the batches on the standard output.</summary>
internal sealed class ConsoleWarnings : StreamingListener
{
    public override void OnReceiverError(ReceiverInfo receiver) => Console.Error.WriteLine($"{receiver.Name}: {receiver.LastErrorMessage}");

    public override void OnWarning(string message, Exception? error) => Console.Error.WriteLine(message);
}
