using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace FastStream;

/// <summary>
/// Makes strings of repeating texts without allocating them again: equal texts, such as names and codes, give the same
/// object.
/// </summary>
public static class PooledStrings
{
    /// <summary>Returns the text as a string, shared with earlier equal texts where the pool still has it.</summary>
    /// <example><code>var byHost = requests.Map(r => (r.Host.ToPooledString(), 1L)).ReduceByKey((a, b) => a + b);</code></example>
    /// <param name="text">The text; bytes that are not valid UTF-8 become U+FFFD.</param>
    /// <param name="pool">The pool; by default the process's shared one, which is bounded and evicts the least used
    /// strings. Safe from any thread.</param>
    public static string ToPooledString(this Utf8Text text, StringPool? pool = null) =>
        text.IsEmpty ? string.Empty : (pool ?? StringPool.Shared).GetOrAdd(text.Span, Encoding.UTF8);
}
