using FastStream;

namespace LogMonitor;

/// <summary>
/// Prints failures of receivers and batches to the standard error, apart from the batches on the standard output.
/// </summary>
internal sealed class ConsoleWarnings : StreamingListener
{
    public override void OnReceiverError(ReceiverInfo receiver) => Console.Error.WriteLine($"{receiver.Name}: {receiver.LastErrorMessage}");

    public override void OnWarning(string message, Exception? error) => Console.Error.WriteLine(message);
}
