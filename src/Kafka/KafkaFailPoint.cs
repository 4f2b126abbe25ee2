namespace FastStream;

/// <summary>Failpoints at which tests end the process.</summary>
internal static class KafkaFailPoint
{
    /// <summary>Called at each failpoint with its name; null outside of tests.</summary>
    public static Action<string>? Reached { get; set; }

    public static void Pass(string place) => Reached?.Invoke(place);
}
