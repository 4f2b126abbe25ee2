namespace FastStream.Samples.KafkaWordCount;

/// <summary>Prints warnings, for example that a broker does not answer.</summary>
internal sealed class Warnings : StreamingListener
{
    public override void OnWarning(string message, Exception? error) => Console.Error.WriteLine(message);
}
