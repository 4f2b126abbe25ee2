namespace FastStream;

/// <summary>Checks options: the message says what was found and what is expected.</summary>
internal static class KafkaCheck
{
    public static void That(bool isRight, string name, object? found, string expected)
    {
        if (!isRight)
        {
            throw new ArgumentOutOfRangeException(name, found, $"{name} is {found}; {expected}.");
        }
    }
}
