using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// Keeps the names of a context's outputs unique: two outputs with one transactional id would fence each other.
/// </summary>
internal static class SinkNames
{
    private static readonly ConditionalWeakTable<StreamingContext, HashSet<string>> _names = [];

    public static void Claim(StreamingContext context, string name)
    {
        HashSet<string> names = _names.GetOrCreateValue(context);
        lock (names)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException(
                    $"Another output of the context is {name} already: the two would fence each other. Give each "
                    + "a Name of its own (KafkaSinkOptions.Name).", nameof(name));
            }
        }
    }
}
