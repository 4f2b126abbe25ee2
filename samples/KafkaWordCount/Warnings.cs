namespace FastStream.Samples.KafkaWordCount;

/// <summary>Shows what does not go as it should, such as a broker that does not answer.</summary>
internal sealed class Warnings : StreamingListener
{
    public override void OnWarning(string message, Exception? error) => Console.Error.WriteLine(message);
}
