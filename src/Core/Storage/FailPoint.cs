namespace FastStream.Runtime;

/// <summary>Places between two steps of a batch's life on disk, where a test ends its process.</summary>
internal static class FailPoint
{
    /// <summary>Receives the name of each place that is passed; null outside of tests.</summary>
    public static Action<string>? Passing { get; set; }

    public static void Pass(string place) => Passing?.Invoke(place);
}
